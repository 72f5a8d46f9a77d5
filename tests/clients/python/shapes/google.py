"""The Gemini API: contents and parts, thought signatures, no `[DONE]`, CRLF between events."""

from __future__ import annotations

import base64

from words import Answer, Asked, Call, Turn

from .wire import frame, fresh, vector

TITLES = True
# Any bytes in standard base64: the first call of each step carries it, and it must come back with the same call.
SIGNATURE = base64.b64encode(b"signature of the first call").decode()
# What Google's own OpenAI layer makes of an effort for models up to 2.5.
BUDGETS = {1024: "low", 8192: "medium", 24576: "high"}
FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}


def read(body: dict, _upstream: object = None) -> Asked:
    config = body.get("generationConfig", {})
    asked = Asked(turns=[])
    asked.system = "\n\n".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", []))
    for content in body["contents"]:
        turn = Turn({"model": "assistant"}.get(content["role"], content["role"]))
        for part in content["parts"]:
            if "text" in part:
                turn.text += part["text"]
            elif "inlineData" in part:
                turn.images.append((part["inlineData"]["mimeType"], base64.b64decode(part["inlineData"]["data"])))
            elif "functionCall" in part:
                turn.calls.append(Call(part["functionCall"]["name"], part["functionCall"].get("args", {})))
            elif "functionResponse" in part:
                turn.role = "tool"
                response = part["functionResponse"]["response"]
                alone = list(response) == ["result"]
                turn.results.append((part["functionResponse"]["name"], response["result"] if alone else response))
            if signature := part.get("thoughtSignature"):
                asked.states.append(signature)
        asked.turns.append(turn)
    for tool in body.get("tools", []):
        asked.search = asked.search or "googleSearch" in tool
        for f in tool.get("functionDeclarations", []):
            asked.tools[f["name"]] = f.get("parametersJsonSchema") or f.get("parameters") or {}
    calling = body.get("toolConfig", {}).get("functionCallingConfig", {})
    asked.choice = {"": "", "AUTO": "auto", "VALIDATED": "auto", "NONE": "none", "ANY": "any"}[calling.get("mode", "")]
    if asked.choice == "any" and len(calling.get("allowedFunctionNames", [])) == 1:
        [asked.choice] = calling["allowedFunctionNames"]
    asked.schema = config.get("responseJsonSchema") or config.get("responseSchema")
    asked.max_tokens, asked.temperature = config.get("maxOutputTokens"), config.get("temperature")
    thinking = config.get("thinkingConfig", {})
    asked.effort = thinking.get("thinkingLevel", "").lower() or BUDGETS.get(thinking.get("thinkingBudget"), "")
    return asked


def _chunk(answer: Answer, model: str, parts: list[dict], finish: bool) -> dict:
    u = answer.usage
    usage = {"promptTokenCount": u.input, "candidatesTokenCount": u.output - u.reasoning, "totalTokenCount": u.total}
    usage |= {"cachedContentTokenCount": u.cached} if u.cached else {}
    usage |= {"thoughtsTokenCount": u.reasoning} if u.reasoning else {}
    candidate: dict = {"content": {"role": "model", "parts": parts}}
    if finish:
        candidate["finishReason"] = FINISH[answer.finish]
        if answer.sources:
            candidate["groundingMetadata"] = _grounding(answer)
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model, "responseId": "scene"}


def _grounding(answer: Answer) -> dict:
    text = answer.whole_text
    # Offsets are bytes of UTF-8.
    segment = {"endIndex": len(text.encode()), "text": text}
    return {
        "webSearchQueries": ["what is asked"],
        "groundingChunks": [{"web": {"uri": s.url, "title": s.title}} for s in answer.sources],
        "groundingSupports": [{"segment": segment, "groundingChunkIndices": list(range(len(answer.sources)))}],
    }


def _calls(answer: Answer) -> list[dict]:
    parts = []
    for at, call in enumerate(answer.calls):
        part = {"functionCall": {"id": fresh("fc-"), "name": call.name, "args": call.arguments}}
        parts.append(part | ({} if at else {"thoughtSignature": SIGNATURE}))
    return parts


def states(answer: Answer, _body: dict) -> list[str]:
    return [SIGNATURE] if answer.calls else []


def unary(answer: Answer, body: dict) -> dict:
    parts = [{"text": "".join(answer.reasoning), "thought": True}] if answer.reasoning else []
    parts += [{"text": answer.whole_text}] if answer.text else []
    return _chunk(answer, body["model"], parts + _calls(answer), finish=True)


def stream(answer: Answer, body: dict) -> list[bytes]:
    events = [_chunk(answer, body["model"], [{"text": piece, "thought": True}], finish=False) for piece in answer.reasoning]
    events += [_chunk(answer, body["model"], [{"text": piece}], finish=False) for piece in answer.text]
    events += [_chunk(answer, body["model"], [part], finish=False) for part in _calls(answer)]
    events.append(_chunk(answer, body["model"], [{"text": ""}], finish=True))
    return [frame(event, "\r\n") for event in events]


def embed(body: dict) -> dict:
    asked = [("".join(part["text"] for part in one["content"]["parts"]), one) for one in body["requests"]]
    return {"embeddings": [{"values": vector(text, one.get("outputDimensionality", 8))} for text, one in asked]}
