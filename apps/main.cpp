#include "dualebm/apps/command_line.hpp"

int main(int argc, char** argv) { return ebm::run_command_line(argc, argv); }
