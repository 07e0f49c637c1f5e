/* torch_node.h - the values of a pickle that weights are looked for in: mappings, lists, modules.
 *
 * Only what is known as data is entered; every other object is a leaf. */
#ifndef TAUSCOPE_TORCH_NODE_H
#define TAUSCOPE_TORCH_NODE_H

#include "checkpoint/pickle.h"

/* How deep weights may lie under their root. */
#define TORCH_DEPTH_MOST 48

typedef enum {
	TORCH_OTHER,  /* no weights in it */
	TORCH_TENSOR, /* a call of a rebuild function */
	TORCH_MAPPING,
	TORCH_LIST,      /* or a tuple */
	TORCH_MODULE,    /* an nn.Module that was pickled whole */
	TORCH_SCRIPT,    /* an object of TorchScript */
	TORCH_OPTIMIZER, /* its state, which is never entered */
} TorchKind;

/* The parts of a module, in the order of its state_dict(). */
enum { TORCH_PARAMETERS, TORCH_BUFFERS, TORCH_MODULES, TORCH_PARTS };

typedef struct {
	TorchKind kind;
	const PickleValue *value;
	const PickleValue *parts[TORCH_PARTS]; /* dicts, or one list: what its children stand in */
	const PickleValue *transient; /* of a module: a list of the buffers that are not saved */
} TorchNode;

/* May look through all keys of a dict. */
TorchNode torch_node(const PickleValue *value);
gboolean torch_node_has_children(const TorchNode *node);
/* Whether what stands under this key of it is never entered: "optimizer…" of a mapping. */
gboolean torch_is_shut(const TorchNode *node, const PickleValue *key);

typedef struct {
	guint part, item;
} TorchCursor;

typedef struct {
	guint part;             /* of a module */
	const PickleValue *key; /* NULL in a list */
	guint number;           /* in a list */
	const PickleValue *value;
} TorchChild;

/* The next child; FALSE after the last.  A cursor begins as zeros. */
gboolean torch_next(const TorchNode *node, TorchCursor *cursor, TorchChild *child);

/* "module.name" of what an object is made by, shortened where it is long; g_free. */
char *torch_class(const PickleValue *object);
/* A few words for a value that is no tensor; g_free. */
char *torch_describe(const PickleValue *value);
/* At most 100 characters of a text; g_free. */
char *torch_shorten(const char *text);

#endif
