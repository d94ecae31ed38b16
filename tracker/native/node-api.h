/* Node-API and libuv as far as they are used here. Node-API is ABI-stable, so that a C compiler is all it takes to
 * build. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_ref__ *napi_ref;
typedef struct napi_handle_scope__ *napi_handle_scope;
typedef struct napi_callback_info__ *napi_callback_info;
typedef struct napi_async_context__ *napi_async_context;
typedef int napi_status;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
napi_status napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **);
napi_status napi_get_value_int32(napi_env, napi_value, int32_t *);
napi_status napi_get_value_bool(napi_env, napi_value, bool *);
napi_status napi_get_value_string_utf8(napi_env, napi_value, char *, size_t, size_t *);
napi_status napi_get_arraybuffer_info(napi_env, napi_value, void **, size_t *);
napi_status napi_create_reference(napi_env, napi_value, uint32_t, napi_ref *);
napi_status napi_get_reference_value(napi_env, napi_ref, napi_value *);
napi_status napi_delete_reference(napi_env, napi_ref);
napi_status napi_create_int32(napi_env, int32_t, napi_value *);
napi_status napi_create_object(napi_env, napi_value *);
napi_status napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
napi_status napi_set_named_property(napi_env, napi_value, const char *, napi_value);
napi_status napi_get_undefined(napi_env, napi_value *);
napi_status napi_get_global(napi_env, napi_value *);
napi_status napi_open_handle_scope(napi_env, napi_handle_scope *);
napi_status napi_close_handle_scope(napi_env, napi_handle_scope);
napi_status napi_async_init(napi_env, napi_value, napi_value, napi_async_context *);
napi_status napi_async_destroy(napi_env, napi_async_context);
napi_status napi_create_string_utf8(napi_env, const char *, size_t, napi_value *);
napi_status napi_make_callback(napi_env, napi_async_context, napi_value, napi_value, size_t, const napi_value *, napi_value *);
napi_status napi_throw_error(napi_env, const char *, const char *);
napi_status napi_get_uv_event_loop(napi_env, void **);
napi_status napi_add_env_cleanup_hook(napi_env, void (*)(void *), void *);
napi_status napi_remove_env_cleanup_hook(napi_env, void (*)(void *), void *);

/* libuv is part of the Node binary; a poll handle is opaque here and as large as it says. */
typedef struct uv_poll { void *data; } uv_poll;
enum { UV_POLL = 8, UV_READABLE = 1 };
size_t uv_handle_size(int);
int uv_poll_init(void *loop, uv_poll *, int fd);
int uv_poll_start(uv_poll *, int events, void (*)(uv_poll *, int status, int events));
int uv_poll_stop(uv_poll *);
void uv_close(uv_poll *, void (*)(uv_poll *));

/* What module.c puts together. */
napi_value open_udp(napi_env, napi_callback_info);
napi_value open_tcp(napi_env, napi_callback_info);
const char *name_of_problem(int problem);
