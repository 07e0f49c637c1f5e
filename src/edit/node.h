/* node.h - building the tree of an edit; for the parser. */
#ifndef TAUSCOPE_NODE_H
#define TAUSCOPE_NODE_H

#include "edit/expression.h"

Node *node_new(NodeKind kind, guint column);
/* Takes the child. */
void node_add(Node *node, Node *child);
const Node *node_child(const Node *node, guint child);

#endif
