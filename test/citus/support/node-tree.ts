/** A part of a statement as PostgreSQL has parsed it: `{TAG :field value …}`. */
export interface TreeNode {
  readonly tag: string;
  readonly fields: ReadonlyMap<string, readonly TreeItem[]>;
}

export type TreeItem = string | TreeNode | readonly TreeItem[];

/** A brace, a parenthesis, or a word, in which a backslash stands before what would end it. */
const TOKEN = /[{}()]|(?:\\[^]|[^\s{}()\\])+/g;

/** Reads the text of a `pg_node_tree`. */
export function parseNodeTree(text: string): readonly TreeItem[] {
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;
  const items = (end: string | undefined): TreeItem[] => {
    const read: TreeItem[] = [];
    while (at < tokens.length && tokens[at] !== end) read.push(item());
    at += 1;
    return read;
  };
  const item = (): TreeItem => {
    const token = tokens[at];
    at += 1;
    if (token === '(') return items(')');
    return token === '{' ? node(items('}')) : token;
  };
  return items(undefined);
}

function node([tag, ...items]: readonly TreeItem[]): TreeNode {
  const fields = new Map<string, TreeItem[]>();
  let values: TreeItem[] = [];
  for (const item of items) {
    if (typeof item === 'string' && item.startsWith(':')) {
      values = [];
      fields.set(item.slice(1), values);
    } else {
      values.push(item);
    }
  }
  return { tag: typeof tag === 'string' ? tag : '', fields };
}

export function isNode(item: TreeItem): item is TreeNode {
  return typeof item === 'object' && 'tag' in item;
}

/** The nodes right below an item, through lists. */
export function childrenOf(item: TreeItem): TreeNode[] {
  if (typeof item === 'string') return [];
  const below = isNode(item) ? [...item.fields.values()].flat() : item;
  return below.flatMap((each) => (isNode(each) ? [each] : childrenOf(each)));
}

/** An item and all that is below it. */
export function allNodes(item: TreeItem): TreeNode[] {
  const below = childrenOf(item).flatMap(allNodes);
  return isNode(item) ? [item, ...below] : below;
}

/** A field of one word. */
export function wordOf({ fields }: TreeNode, field: string): string | undefined {
  const value = fields.get(field)?.[0];
  return typeof value === 'string' ? value : undefined;
}
