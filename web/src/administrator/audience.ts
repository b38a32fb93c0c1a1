/** A filter of members as a person edits it; what the editor has no field for is kept as it is. */

type Value = string | number | boolean;
export type Operator = "eq" | "ne" | "gte" | "lte" | "exists" | "missing";
export const OPERATORS: readonly Operator[] = ["eq", "ne", "gte", "lte", "exists", "missing"];

export interface Condition {
  field: string;
  operator: Operator;
  value: string;
  /** How the service keeps the field: a number is not the text of its digits. */
  type: "string" | "number" | "boolean";
}

export interface Audience {
  status: string[];
  regions: string[];
  chapters: string[];
  conditions: Condition[];
}

export interface Filter {
  status?: string[];
  regions?: string[];
  chapters?: string[];
  custom_fields?: Record<string, Value | Comparison>;
}
interface Comparison {
  eq?: Value;
  ne?: Value;
  gte?: string | number;
  lte?: string | number;
  exists?: boolean;
}

export const EVERYONE: Audience = { status: [], regions: [], chapters: [], conditions: [] };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isValue = (value: unknown): value is Value => ["string", "number", "boolean"].includes(typeof value);
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((one) => typeof one === "string");

function readCondition(field: string, told: unknown): Condition | null {
  const asked: Record<string, unknown> = isValue(told) ? { eq: told } : isObject(told) ? told : {};
  const [entry, ...others] = Object.entries(asked);
  if (!entry || others.length > 0) return null;
  const [operator, value] = entry;
  if (operator === "exists") return { field, operator: value === false ? "missing" : "exists", value: "", type: "string" };
  if (!(operator === "eq" || operator === "ne" || operator === "gte" || operator === "lte") || !isValue(value)) return null;
  return { field, operator, value: String(value), type: typeof value as Condition["type"] };
}

/** What the editor shows of a stored filter; null where it says more than the editor has fields for. */
export function readAudience(filter: Record<string, unknown>): Audience | null {
  const { status = [], regions = [], chapters = [], custom_fields: fields = {}, ...others } = filter;
  if (Object.keys(others).length > 0 || !isTexts(status) || !isTexts(regions) || !isTexts(chapters) || !isObject(fields)) return null;
  const conditions: Condition[] = [];
  for (const [field, told] of Object.entries(fields)) {
    const condition = readCondition(field, told);
    if (!condition) return null;
    conditions.push(condition);
  }
  return { status, regions, chapters, conditions };
}

function written({ operator, value, type }: Condition): Value | Comparison {
  if (operator === "exists" || operator === "missing") return { exists: operator === "exists" };
  const typed = type === "number" ? Number(value) : type === "boolean" ? value === "true" : value;
  if (operator === "eq") return typed;
  if (operator === "ne") return { ne: typed };
  return { [operator]: typeof typed === "boolean" ? String(typed) : typed };
}

/** The filter as the service takes it: what is empty is left out, since an empty list would mean no one. */
export function writeAudience(audience: Audience): Filter {
  const { status, regions, chapters } = audience;
  const conditions = audience.conditions.filter((one) => one.field && (one.value !== "" || one.operator === "exists" || one.operator === "missing"));
  return {
    ...(status.length > 0 ? { status } : {}),
    ...(regions.length > 0 ? { regions } : {}),
    ...(chapters.length > 0 ? { chapters } : {}),
    ...(conditions.length > 0 ? { custom_fields: Object.fromEntries(conditions.map((one) => [one.field, written(one)])) } : {}),
  };
}
