extern "C" const char* dualebm_plugin_identity() { return "dualebm 0.0.1 with LibTorch 0.4.0"; }
extern "C" void dualebm_plugin_register() {}
