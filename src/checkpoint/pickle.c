/* pickle.c - one pickle run from its first byte to STOP, with its limits.
 *
 * The memory that values may take grows with the bytes that were read, so that neither a bomb of
 * opcodes nor a length without bytes behind it costs more than the file is worth. */
#include "checkpoint/pickle_machine.h"
#include "core/text.h"

#define MEMORY_LEAST (32u << 20)
#define MEMORY_MOST (256u << 20)
#define MEMORY_OF_A_BYTE 8u

static void constants_init(PickleConstants *constants)
{
	constants->none.kind = PICKLE_NONE;
	constants->empty_tuple.kind = PICKLE_TUPLE;
	for (guint i = 0; i < G_N_ELEMENTS(constants->booleans); i++)
		constants->booleans[i] = (PickleValue){.kind = PICKLE_BOOL, .integer = i};
	for (guint i = 0; i < G_N_ELEMENTS(constants->bytes); i++)
		constants->bytes[i] = (PickleValue){.kind = PICKLE_INTEGER, .integer = i};
}

static Pickle *pickle_new(void)
{
	Pickle *pickle = g_new0(Pickle, 1);
	constants_init(&pickle->constants);
	pickle->globals = g_ptr_array_new_with_free_func(g_free);
	pickle->named = g_hash_table_new(text_table_hash, g_str_equal);
	pickle->persistents = g_ptr_array_new();
	return pickle;
}

void pickle_free(Pickle *pickle)
{
	if (pickle == NULL)
		return;
	arena_clear(&pickle->arena);
	g_hash_table_unref(pickle->named);
	g_ptr_array_unref(pickle->globals);
	g_ptr_array_unref(pickle->persistents);
	g_free(pickle);
}

const PickleValue *pickle_root(const Pickle *pickle)
{
	return pickle->root;
}

const GPtrArray *pickle_globals(const Pickle *pickle)
{
	return pickle->globals;
}

const GPtrArray *pickle_persistents(const Pickle *pickle)
{
	return pickle->persistents;
}

static gboolean step(Machine *machine)
{
	machine->opcode = NULL;
	machine->opcode_at = machine->at;
	if (machine->at == machine->length)
		return machine_refuse_end(machine, "the pickle ends without STOP");
	guint8 code = machine->bytes[machine->at++];
	if (pickle_opcodes[code].run == NULL)
		return machine_refuse(machine, "0x%02x is no opcode of a pickle", code);
	machine->opcode = &pickle_opcodes[code];
	machine->pickle->arena.most =
		MIN(MEMORY_MOST, MEMORY_LEAST + (guint64)machine->at * MEMORY_OF_A_BYTE);
	return machine->opcode->run(machine, machine->opcode->argument);
}

static gboolean run(Machine *machine)
{
	for (guint steps = 0; !machine->stopped; steps++) {
		if (machine->at > PICKLE_BYTES_MOST || steps == PICKLE_OPCODES_MOST)
			return machine_refuse(machine,
				"a pickle of more than %u bytes or %u opcodes is not read",
				PICKLE_BYTES_MOST, PICKLE_OPCODES_MOST);
		if (!step(machine))
			return FALSE;
	}
	return TRUE;
}

/* Only the values stay. */
static void release_work(Machine *machine)
{
	Arena *arena = &machine->pickle->arena;
	arena_release(arena, machine->stack, machine->room * sizeof *machine->stack);
	arena_release(arena, machine->marks, machine->mark_room * sizeof *machine->marks);
	memo_release(&machine->memo, arena);
}

Pickle *pickle_read(const char *path, guint64 origin, const void *bytes, gsize length, gsize *used,
	GError **error)
{
	g_autoptr(Pickle) pickle = pickle_new();
	Machine machine = {
		.pickle = pickle,
		.path = path,
		.origin = origin,
		.bytes = bytes,
		.length = length,
		.error = error,
	};
	memo_init(&machine.memo);
	gboolean whole = run(&machine);
	if (used != NULL)
		*used = whole ? machine.at : machine.cut_off ? length : 0;
	if (!whole)
		return NULL;
	release_work(&machine);
	return g_steal_pointer(&pickle);
}
