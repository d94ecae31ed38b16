/* The module: { openUdp, openTcp }. */
#include "node-api.h"
#include <errno.h>

const char *name_of_problem(int problem) {
  switch (problem) {
    case EADDRINUSE: return "EADDRINUSE";
    case EADDRNOTAVAIL: return "EADDRNOTAVAIL";
    case EACCES: return "EACCES";
    case EAFNOSUPPORT: return "EAFNOSUPPORT";
    default: return "ESOCKET";
  }
}

__attribute__((visibility("default"))) int32_t node_api_module_get_api_version_v1(void) { return 8; }

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value open;
  napi_create_function(env, "openUdp", 7, open_udp, NULL, &open);
  napi_set_named_property(env, exports, "openUdp", open);
  napi_create_function(env, "openTcp", 7, open_tcp, NULL, &open);
  napi_set_named_property(env, exports, "openTcp", open);
  return exports;
}
