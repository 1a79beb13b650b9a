#include <gtest/gtest.h>

#include "dualebm/framework/compute/parallel.hpp"

/// One thread for LibTorch and two for the shards, so that tests exercise the pool.
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  ebm::set_threads(2);
  return RUN_ALL_TESTS();
}
