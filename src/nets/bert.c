/* BERT: Devlin et al., "BERT: pre-training of deep bidirectional transformers", NAACL 2019; the
 * encoder is that of Vaswani et al., "Attention is all you need", NIPS 2017. */
#include "builder.h"

enum { LAYERS = 12, HEADS = 12, HIDDEN = 768, FFN = 4 * HIDDEN, HEAD = HIDDEN / HEADS };
enum { WORDS = 30522, POSITIONS = 512, SEGMENTS = 2 };

/* dropout, residual sum, layer norm: how both halves of an encoder layer end */
static int close_residual(struct tmk_builder *b, const char *name, int x, int y)
{
    int sum = add(b, name, x, dropout(b, y, 0.1));
    return then(b, NULL, sum, TMK_LAYER_LAYERNORM);
}

/* Vaswani et al., figure 1, left: all heads of one layer are one batched product. */
static int encoder_layer(struct tmk_builder *b, int x, size_t tokens)
{
    int query = linear(b, "query", x, HIDDEN);
    int key = linear(b, "key", x, HIDDEN);
    int value = linear(b, "value", x, HIDDEN);
    int scores = matmul(b, "QK", query, key, HEADS, tokens, HEAD, tokens);
    int share = dropout(b, then(b, NULL, scores, TMK_LAYER_SOFTMAX), 0.1);
    int context = matmul(b, "PV", share, value, HEADS, tokens, tokens, HEAD);
    x = close_residual(b, "attention", x, linear(b, "attention_out", context, HIDDEN));
    int wide = then(b, NULL, linear(b, "ffn_in", x, FFN), TMK_LAYER_GELU);
    return close_residual(b, "ffn", x, linear(b, "ffn_out", wide, HIDDEN));
}

/* The base model without pooler and task heads; `height` is the number of tokens. */
void tmk_net_bert(struct tmk_builder *b, size_t height, size_t width)
{
    if (height > POSITIONS || width != 1) {
        b->status = tmk_fail(TMK_EINVAL, "bert: input of %zux%zu: give up to %d tokens as Nx1",
                             height, width, POSITIONS);
        return;
    }
    int tokens = input(b, 1, height, 1);
    int words = embedding(b, "words", tokens, WORDS, HIDDEN);
    int positions = embedding(b, "positions", tokens, POSITIONS, HIDDEN);
    int x = add(b, "embeddings", words, positions);
    x = add(b, "embeddings_all", x, embedding(b, "segments", tokens, SEGMENTS, HIDDEN));
    x = dropout(b, then(b, NULL, x, TMK_LAYER_LAYERNORM), 0.1);
    for (int i = 0; i < LAYERS; i++) {
        tmk_module_begin(b, '/', "layer%d", i);
        x = encoder_layer(b, x, height);
        tmk_module_end(b);
    }
}
