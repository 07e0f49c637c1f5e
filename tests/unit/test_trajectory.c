/* test_trajectory.c - the shipped runs against numpy's trajectories. */
#include "analysis/trajectory.h"
#include "digits.h"
#include "toy.h"

#define STEPS 9u /* with the final checkpoint */

static Trajectory *trajectory_of(
	const Digits *digits, const char *run, gint reference, const char *pattern, GroupBy by)
{
	g_autoptr(GError) error = NULL;
	Trajectory *trajectory = trajectory_new(
		digits->collection, digits->gram, run, reference, pattern, by, &error);
	test_no_error(error);
	return trajectory;
}

static double truth_at(const Digits *digits, const char *run, const char *key, guint i)
{
	g_autofree char *path = g_strdup_printf("trajectories/%s/%s", run, key);
	return digits_at(digits_truth(digits, path), i);
}

static void check_path(const Digits *digits, const char *run, const TrajectoryPath *path)
{
	double length = 0;
	for (guint t = 0; t < STEPS; t++) {
		digits_norm(path->norm[t], truth_at(digits, run, "norms", t));
		digits_norm(path->relative[t], truth_at(digits, run, "relative_norms", t));
		digits_close(path->cosine_to_final[t], truth_at(digits, run, "cos_to_final", t));
		digits_norm(path->update[t], truth_at(digits, run, "update_norms", t));
		length += truth_at(digits, run, "update_norms", t);
	}
	digits_norm(path->path_length, length);
	digits_norm(path->displacement, truth_at(digits, run, "norms", STEPS - 1));
}

static void check_turns(const Digits *digits, const char *run, const TrajectoryPath *path)
{
	g_autofree char *key = g_strdup_printf("trajectories/%s/cos_between_steps", run);
	const cJSON *between = digits_truth(digits, key);
	g_assert_true(isnan(path->turn_degrees[0]));
	g_assert_true(isnan(path->cosine_to_previous[0]));
	for (guint t = 1; t < STEPS; t++) {
		double turn = truth_at(digits, run, "cos_consecutive_updates", t - 1);
		digits_close(cos(path->turn_degrees[t] * G_PI / 180), turn);
		g_assert_cmpfloat_with_epsilon(
			path->turn_degrees[t], acos(turn) * 180 / G_PI, 1e-4);
		digits_close(path->cosine_to_previous[t],
			digits_at(cJSON_GetArrayItem(between, (int)t), t - 1));
	}
}

static void check_tensors(const Digits *digits, const char *run)
{
	g_autoptr(Trajectory) trajectory = trajectory_of(digits, run, -1, NULL, GROUP_TENSOR);
	g_assert_cmpuint(trajectory->groups->len, ==, 54);
	for (guint g = 0; g < trajectory->groups->len; g++) {
		const TrajectoryPath *path = g_ptr_array_index(trajectory->groups, g);
		g_autofree char *key = g_strdup_printf(
			"trajectories/%s/per_tensor_cos_to_final/%s", run, path->scope);
		const cJSON *cosines = digits_truth(digits, key);
		for (guint t = 0; t + 1 < STEPS; t++)
			digits_close(path->cosine_to_final[t], digits_at(cosines, t));
	}
}

static void test_truth(void)
{
	g_autoptr(Digits) digits = digits_new();
	for (guint r = 0; r < G_N_ELEMENTS(digits_runs); r++) {
		const char *run = digits_runs[r];
		g_autoptr(Trajectory) trajectory = trajectory_of(digits, run, -1, NULL, GROUP_ALL);
		g_assert_cmpuint(trajectory->count, ==, STEPS);
		for (guint s = 0; s < G_N_ELEMENTS(digits_steps); s++)
			g_assert_cmpint(trajectory->step[s], ==, digits_steps[s]);
		g_assert_cmpint(trajectory->step[STEPS - 1], ==, -1);
		g_assert_cmpuint(trajectory->groups->len, ==, 0);
		check_path(digits, run, trajectory->whole);
		check_turns(digits, run, trajectory->whole);
		check_tensors(digits, run);
	}
}

/* Every pair of steps, the final as reference of the steps one by one. */
static void test_reference(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Trajectory) own = trajectory_of(digits, "greek", -1, NULL, GROUP_ALL);
	const cJSON *between = digits_truth(digits, "trajectories/greek/cos_between_steps");
	for (guint s = 0; s < STEPS; s++) {
		g_autoptr(Trajectory) trajectory =
			trajectory_of(digits, "greek", (gint)own->member[s], NULL, GROUP_ALL);
		for (guint t = 0; t < STEPS; t++)
			digits_close(trajectory->whole->cosine_to_final[t],
				digits_at(cJSON_GetArrayItem(between, (int)s), t));
		g_assert_cmpfloat(trajectory->whole->displacement, ==, own->whole->displacement);
	}
}

/* A frozen tensor has a path of length 0 and no direction. */
static void test_frozen(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Trajectory) trajectory =
		trajectory_of(digits, "mnist", -1, "head.weight", GROUP_ALL);
	const TrajectoryPath *path = trajectory->whole;
	g_assert_true(isnan(path->cosine_to_final[3]));
	g_assert_true(isnan(path->turn_degrees[STEPS - 1]));
	g_assert_cmpfloat(path->displacement, ==, path->norm[STEPS - 1]);
}

static void test_unknown_run(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(GError) error = NULL;
	g_assert_null(trajectory_new(
		digits->collection, digits->gram, "latin", -1, NULL, GROUP_ALL, &error));
	test_error(error, ERROR_USAGE, "latin");
}

/* numpy: cosine to final .81 at step 40, .92 at step 70. */
static void test_sentence(void)
{
	g_autoptr(Digits) digits = digits_new();
	g_autoptr(Trajectory) trajectory = trajectory_of(digits, "mnist", -1, NULL, GROUP_ALL);
	g_autofree char *sentence = trajectory_sentence(trajectory);
	double length = 0;
	for (guint t = 0; t < STEPS; t++)
		length += truth_at(digits, "mnist", "update_norms", t);
	g_autofree char *expected =
		g_strdup_printf("mnist settles by step 70 (cos 0.92); path %.2f × displacement",
			length / truth_at(digits, "mnist", "norms", STEPS - 1));
	g_assert_cmpstr(sentence, ==, expected);
}

/* Steps at right angles to the end, of which the last is the end itself. */
static void test_found_at_end(void)
{
	char *folder = test_folder();
	g_autofree char *base = g_build_filename(folder, "base.safetensors", NULL);
	write_toy(base, 0, 0);
	Collection *collection = collection_new(open_checked(base));
	add_toy(collection, folder, "r@10", MEMBER_STEP, "r", 10, 1, 0);
	add_toy(collection, folder, "r@20", MEMBER_STEP, "r", 20, 1, 1);
	add_toy(collection, folder, "r", MEMBER_TASK, "r", 30, 0, 2);
	g_autoptr(Digits) toy = digits_of(collection, 1, 0);
	g_autoptr(Trajectory) trajectory = trajectory_of(toy, "r", -1, NULL, GROUP_ALL);
	g_autofree char *sentence = trajectory_sentence(trajectory);
	g_assert_true(g_str_has_prefix(sentence, "r finds its direction only at its end; path "));
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/trajectory/truth", test_truth);
	g_test_add_func("/trajectory/reference", test_reference);
	g_test_add_func("/trajectory/frozen", test_frozen);
	g_test_add_func("/trajectory/unknown-run", test_unknown_run);
	g_test_add_func("/trajectory/sentence", test_sentence);
	g_test_add_func("/trajectory/found-at-end", test_found_at_end);
	return g_test_run();
}
