/* node.h - building the tree of an edit; for the parser. */
#ifndef TAUSCOPE_NODE_H
#define TAUSCOPE_NODE_H

#include "edit/method.h"

Node *node_new(NodeKind kind, guint column);
/* Takes the child. */
void node_add(Node *node, Node *child);
const Node *node_child(const Node *node, guint child);

/* Makes a call of a method, of which nothing is given yet. */
void node_set_method(Node *call, const Method *method);
/* Gives a call's parameter of type NUMBER or COUNT; takes the number. */
void node_set_number(Node *call, guint parameter, Node *number);
/* Whether an argument, in its call, is what the method takes anyway. */
gboolean node_is_otherwise(const Node *call, guint parameter);

#endif
