/* What clang counts in the variant `counting` (-fprofile-instr-generate): the part of LLVM's profiling runtime that
 * files need to be linked, and a module that gives Python the counters.
 *
 * Constructors register every function before any thread exists; after that the list is only read. The counters are
 * plain: threads that count at once can lose some, which a profile can bear. */
#include <Python.h>
#include <stdint.h>

/* One per function (INSTR_PROF_DATA, LLVM 19), laid out by the compiler. */
struct function {
    uint64_t name;          /* the first half of the name's MD5 */
    uint64_t hash;          /* of the function's control flow */
    int32_t counters;       /* where they are, from here */
    int32_t bitmap;
    uint32_t address;
    struct function *next;  /* for targets of calls, which are not counted here */
    uint32_t n_counters;
    uint16_t sites[3];
    uint32_t bitmap_bytes;
};
static_assert(sizeof(struct function) == 48, "LLVM's record of a function");

struct names {
    const unsigned char *start;
    uint64_t size;
};

#define MAX_NAMES 512

static struct function *functions;
static struct names names[MAX_NAMES];
static size_t n_names;

int __llvm_profile_runtime;

void
__llvm_profile_register_function(void *data)
{
    struct function *function = data;
    function->next = functions;
    functions = function;
}

void
__llvm_profile_register_names_function(void *start, uint64_t size)
{
    if (n_names == MAX_NAMES) {
        __builtin_trap();
    }
    names[n_names++] = (struct names){start, size};
}

/* [(first half of the name's MD5, hash, counters), ...] */
static PyObject *
counters(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    PyObject *list = PyList_New(0);
    if (list == NULL) {
        return NULL;
    }
    for (struct function *f = functions; f != NULL; f = f->next) {
        const uint64_t *values = (const uint64_t *)((const char *)f + f->counters);
        PyObject *item = Py_BuildValue("(KKN)", (unsigned long long)f->name, (unsigned long long)f->hash, PyTuple_New(f->n_counters));
        if (item == NULL) {
            Py_DECREF(list);
            return NULL;
        }
        for (uint32_t i = 0; i < f->n_counters; i++) {
            PyObject *value = PyLong_FromUnsignedLongLong(values[i]);
            if (value == NULL) {
                Py_DECREF(item);
                Py_DECREF(list);
                return NULL;
            }
            PyTuple_SET_ITEM(PyTuple_GET_ITEM(item, 2), i, value);
        }
        int result = PyList_Append(list, item);
        Py_DECREF(item);
        if (result < 0) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

/* [bytes, ...]: the compiler's tables of names, one per file */
static PyObject *
name_tables(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    PyObject *list = PyList_New((Py_ssize_t)n_names);
    if (list == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < n_names; i++) {
        PyObject *table = PyBytes_FromStringAndSize((const char *)names[i].start, (Py_ssize_t)names[i].size);
        if (table == NULL) {
            Py_DECREF(list);
            return NULL;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)i, table);
    }
    return list;
}

static PyMethodDef methods[] = {
    {"counters", counters, METH_NOARGS, NULL},
    {"name_tables", name_tables, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_weft_counters",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__weft_counters(void)
{
    return PyModuleDef_Init(&definition);
}
