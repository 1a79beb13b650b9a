#include <dualebm/framework/base/version.hpp>
#include <dualebm/framework/problem/domains.hpp>

#include <cstdio>

int main() { std::printf("dualebm %s: %s\n", DUALEBM_VERSION, ebm::Sphere(3).name().c_str()); }
