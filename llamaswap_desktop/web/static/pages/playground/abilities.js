// What a model's capabilities exclude.  A model that tells nothing of itself is offered for everything.

const NEEDS = {
  chat: ["text", "text"],
  completion: ["text", "text"],
  embeddings: ["text", null],
  rerank: ["text", null],
  speech: ["text", "audio"],
  transcription: ["audio", "text"],
  images: ["text", "image"],
  load: ["text", "text"],
};

/** `record`: the model's entry in /v1/models; undefined if it has none. */
export function canDo(kind, record) {
  const { capabilities, architecture } = record ?? {};
  if (kind === "rerank" && architecture && !capabilities?.reranker) return false;
  if (capabilities?.reranker && !architecture) return kind === "rerank" || kind === "embeddings";
  const [takes, gives] = NEEDS[kind];
  return offers(architecture?.input_modalities, takes) && offers(architecture?.output_modalities, gives);
}

/** Whether the model tells of itself that it can; others only do not tell that they cannot. */
export function saysItCan(kind, record) {
  if (kind === "rerank") return Boolean(record?.capabilities?.reranker);
  return Boolean(record?.architecture) && canDo(kind, record);
}

const offers = (modalities, wanted) => !modalities?.length || wanted === null || modalities.includes(wanted);

export const canSee = (record) => offers(record?.architecture?.input_modalities, "image");
