/* The component's interface (wasm/weft.wit) as the canonical ABI lays it out in memory. weft_wit.h, made of the WIT by the
 * build, has the numbers that the assertions below compare with. */
#ifndef WEFT_SOLO_COMPONENT_H
#define WEFT_SOLO_COMPONENT_H

#include <stddef.h>
#include <stdint.h>

#include "weft_wit.h"

typedef struct { char *data; size_t length; } wit_string;

typedef struct {
  uint8_t tag; /* WIT_NODE_* */
  union {
    uint8_t boolean;
    int64_t integer;
    double real;
    wit_string text; /* big-int, text, bytes */
    uint32_t count;  /* containers; the number of a function */
  } u;
} wit_node;

typedef struct { wit_node *nodes; size_t count; } wit_value;
typedef struct { wit_string type_name, message, traceback; } wit_raised;
typedef struct { wit_raised *raised; size_t count; } wit_error;

/* A result of any function: what it holds starts where the widest alignment of its cases allows. */
typedef struct {
  uint8_t failed;
  union {
    wit_value value;
    wit_error error;
    wit_string bytes;
    struct { wit_string *items; size_t count; } strings;
  } u;
} wit_result;

#define SAME(what, wit) _Static_assert((what) == (wit), #what " is not what wasm/weft.wit says")
SAME(sizeof(wit_node), WIT_NODE_SIZE);
SAME(_Alignof(wit_node), WIT_NODE_ALIGN);
SAME(offsetof(wit_node, u), WIT_NODE_PAYLOAD);
SAME(sizeof(wit_raised), WIT_RAISED_SIZE);
SAME(offsetof(wit_raised, type_name), WIT_RAISED_TYPE_NAME);
SAME(offsetof(wit_raised, message), WIT_RAISED_MESSAGE);
SAME(offsetof(wit_raised, traceback), WIT_RAISED_TRACEBACK);
/* Results of lists, of errors and of nothing: all are pointers and lengths. */
SAME(offsetof(wit_result, u), WIT_EVAL_RESULT_PAYLOAD);
SAME(sizeof(wit_result), WIT_EVAL_RESULT_SIZE);
SAME(sizeof(wit_result), WIT_RUN_RESULT_SIZE);
SAME(sizeof(wit_result), WIT_READ_FILE_RESULT_SIZE);
SAME(sizeof(wit_result), WIT_LIST_FOLDER_RESULT_SIZE);
SAME(sizeof(wit_result), WIT_CALL_RESULT_SIZE);
#undef SAME

#endif
