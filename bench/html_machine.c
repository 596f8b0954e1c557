#include "html.h"

#include "isa.h"
#include "text.h"

#include <math.h>
#include <string.h>

static void put_term(FILE *file, const char *term, const char *text)
{
    if (!text[0])
        return;
    fprintf(file, "<dt>%s</dt><dd>", term);
    tmk_html_text(file, text);
    fputs("</dd>\n", file);
}

static void put_caches(FILE *file, const json_t *caches)
{
    size_t i;
    json_t *cache;
    fputs("<dt>caches</dt><dd>", file);
    json_array_foreach(caches, i, cache)
    {
        char size[32];
        double bytes = json_number_value(json_object_get(cache, "bytes"));
        fprintf(file, "%sL%d %s", i ? ", " : "",
                (int)json_integer_value(json_object_get(cache, "level")),
                tmk_format_bytes(size, sizeof size, bytes));
    }
    fputs("</dd>\n", file);
}

static void put_libraries(FILE *file, const json_t *libraries)
{
    size_t i;
    json_t *library;
    fputs("<dt>libraries</dt><dd>", file);
    json_array_foreach(libraries, i, library)
    {
        fprintf(file, "%s<span title=\"", i ? ", " : "");
        tmk_html_text(file, tmk_manifest_text(library, "path", NULL));
        fputs("\">", file);
        tmk_html_text(file, tmk_manifest_text(library, "name", NULL));
        fputc(' ', file);
        tmk_html_text(file, tmk_manifest_text(library, "version", NULL));
        fputs("</span>", file);
    }
    fputs("</dd>\n", file);
}

static void put_system(FILE *file, const json_t *manifest)
{
    const json_t *machine = json_object_get(manifest, "machine");
    char text[256], memory[32];
    put_term(file, "command", tmk_manifest_text(manifest, "command", NULL));
    put_term(file, "CPU", tmk_manifest_text(manifest, "machine", "cpu"));
    snprintf(text, sizeof text,
             "%d package(s), %d NUMA node(s), %d core(s), %d CPU(s) allowed: %s%s",
             (int)json_integer_value(json_object_get(machine, "packages")),
             (int)json_integer_value(json_object_get(machine, "numa_nodes")),
             (int)json_integer_value(json_object_get(machine, "cores")),
             (int)json_integer_value(json_object_get(machine, "cpus")),
             tmk_manifest_text(manifest, "machine", "allowed"),
             json_is_true(json_object_get(machine, "virtual")) ? "; a virtual machine" : "");
    put_term(file, "topology", text);
    put_caches(file, json_object_get(machine, "caches"));
    put_term(file, "memory",
             tmk_format_bytes(memory, sizeof memory,
                              json_number_value(json_object_get(machine, "memory_bytes"))));
    put_term(file, "ISA of the kernels", tmk_manifest_text(manifest, "machine", "isa"));
    put_term(file, "frequency governor", tmk_manifest_text(manifest, "machine", "governor"));
    snprintf(text, sizeof text, "%s %s, %s, libc %s",
             tmk_manifest_text(manifest, "system", "system"),
             tmk_manifest_text(manifest, "system", "kernel"),
             tmk_manifest_text(manifest, "system", "architecture"),
             tmk_manifest_text(manifest, "system", "libc"));
    put_term(file, "system", text);
}

static void put_program(FILE *file, const json_t *manifest)
{
    const json_t *settings = json_object_get(manifest, "settings");
    char text[512];
    snprintf(text, sizeof text, "tilemark %s, commit %s, %s, %s (%s)",
             tmk_manifest_text(manifest, "program", "version"),
             tmk_manifest_text(manifest, "program", "commit"),
             tmk_manifest_text(manifest, "program", "compiler"),
             tmk_manifest_text(manifest, "program", "flags"),
             tmk_manifest_text(manifest, "program", "buildtype"));
    put_term(file, "program", text);
    put_libraries(file, json_object_get(manifest, "libraries"));
    snprintf(text, sizeof text, "%d", (int)json_integer_value(json_object_get(settings, "seed")));
    put_term(file, "seed", text);
    put_term(file, "binding", tmk_manifest_text(manifest, "settings", "bind"));
    put_term(file, "started", tmk_manifest_text(manifest, "started", NULL));
    put_term(file, "finished", tmk_manifest_text(manifest, "finished", NULL));
}

/* The highest of several rates, and what it belongs to. */
static double highest(const json_t *rates, const char **name)
{
    double best = 0;
    const char *key;
    json_t *value;
    *name = "";
    json_object_foreach((json_t *)rates, key, value)
    {
        if (json_number_value(value) > best) {
            best = json_number_value(value);
            *name = key;
        }
    }
    return best;
}

static void put_ceiling_row(FILE *file, const json_t *row)
{
    const char *isa;
    double f32 = highest(json_object_get(row, "fma_f32_gflops"), &isa);
    fprintf(file, "<tr><td class=\"n\">%d</td><td>%s</td><td class=\"n\">%.4g</td>",
            (int)json_integer_value(json_object_get(row, "threads")), isa, f32);
    fprintf(file, "<td class=\"n\">%.4g</td>",
            highest(json_object_get(row, "fma_f64_gflops"), &isa));
    for (int level = 0; level < TMK_NLEVELS; level++) {
        double rate = json_number_value(
            json_object_get(json_object_get(row, "triad_gbs"), tmk_level_name[level]));
        fprintf(file, rate > 0 ? "<td class=\"n\">%.4g</td>" : "<td class=\"n\">&ndash;</td>",
                rate);
    }
    fputs("<td>", file);
    size_t i;
    json_t *cpu;
    json_array_foreach(json_object_get(row, "ran_on"), i, cpu)
        fprintf(file, "%s%d", i ? ", " : "", (int)json_integer_value(cpu));
    fputs("</td></tr>\n", file);
}

static void put_rivals(FILE *file, const json_t *rivals)
{
    static const char *const columns[] = {"name", "version", "kernel", "setting", "threading"};
    size_t i;
    json_t *rival;
    if (json_array_size(rivals) == 0)
        return;
    fputs(
        "<table><caption>Other projects' libraries; f32 at 512&times;512&times;512 on one thread "
        "before the run</caption><thead><tr><th>name</th><th>version</th><th>kernels</th>"
        "<th>chosen by</th><th>threads</th><th>GFLOP/s</th><th>FMA peak</th></tr></thead><tbody>\n",
        file);
    json_array_foreach(rivals, i, rival)
    {
        fputs("<tr title=\"", file);
        tmk_html_text(file, tmk_manifest_text(rival, "path", NULL));
        fputs("\">", file);
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
            fputs("<td>", file);
            tmk_html_text(file, tmk_manifest_text(rival, columns[c], NULL));
            fputs("</td>", file);
        }
        fprintf(file, "<td class=\"n\">%.4g</td><td class=\"n\">%.4g</td></tr>\n",
                json_number_value(json_object_get(rival, "gflops_512")),
                json_number_value(json_object_get(rival, "fma_gflops")));
    }
    fputs("</tbody></table>\n", file);
}

void tmk_html_machine(FILE *file, const json_t *manifest)
{
    fputs("<dl>\n", file);
    put_system(file, manifest);
    put_program(file, manifest);
    fputs("</dl>\n<table><caption>Measured ceilings</caption><thead><tr><th>threads</th>"
          "<th>ISA</th><th>FMA peak f32, GFLOP/s</th><th>f64</th><th>L1, GB/s</th><th>L2</th>"
          "<th>L3</th><th>memory</th><th>on CPUs</th></tr></thead><tbody>\n",
          file);
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(json_object_get(manifest, "machine"), "ceilings"), i, row)
        put_ceiling_row(file, row);
    fputs("</tbody></table>\n", file);
    put_rivals(file, json_object_get(manifest, "rivals"));
}
