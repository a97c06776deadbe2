import { allNodes, childrenOf, wordOf, type TreeItem, type TreeNode } from './node-tree.js';

/** What a statement calls, as the catalog has it. */
export interface Catalog {
  /** Oids of functions that are not immutable, and those of them that are volatile. */
  readonly mutable: ReadonlySet<string>;
  readonly volatile: ReadonlySet<string>;
  /** The functions that make a type's text, and that read it, by the type's oid. */
  readonly output: ReadonlyMap<string, string>;
  readonly input: ReadonlyMap<string, string>;
}

/** `CmdType` of PostgreSQL's parser. */
const UPDATE = '2';
const INSERT = '3';
const DELETE = '4';

const RELATION = '0';
/** Values of the moment, which are no functions. */
const MOMENTS = new Set(['SQLVALUEFUNCTION', 'NEXTVALUEEXPR']);
/** Under their names in PostgreSQL 14 and later ones. */
const ELEMENTS = new Set(['SUBSCRIPTINGREF']);
const CHOICES = new Set(['CASEEXPR', 'CASE', 'COALESCEEXPR', 'COALESCE']);

/** What keeps Citus from running a parsed statement on a distributed table; empty where nothing does. */
export function findFaults(parsed: readonly TreeItem[], catalog: Catalog): string[] {
  return parsed
    .flatMap(allNodes)
    .filter(({ tag, fields }) => tag === 'QUERY' && fields.has('commandType'))
    .flatMap((query) => faultsOf(query, new Rules(catalog)));
}

function faultsOf(query: TreeNode, rules: Rules): string[] {
  const command = wordOf(query, 'commandType') ?? '';
  if (![UPDATE, INSERT, DELETE].includes(command)) return [];
  const part = (name: string): readonly TreeItem[] => query.fields.get(name) ?? [];
  const faults: string[] = [];
  if (part('returningList').some((item) => rules.callsMutable(item))) {
    faults.push('RETURNING calls a function that is not immutable');
  }
  if (part('onConflict').some((item) => rules.callsMutable(item))) {
    faults.push('ON CONFLICT calls a function that is not immutable');
  }
  if (command === INSERT) return faults;

  const changes = [...part('targetList'), ...part('jointree')];
  if (changes.some((item) => rules.callsMutableOnColumn(item))) {
    faults.push('a function that is not immutable is called with a column');
  }
  if (changes.some((item) => rules.choosesByMutable(item))) {
    faults.push('CASE or COALESCE calls a function that is not immutable');
  }
  const targets = part('targetList').flatMap((item) => childrenOf([item]));
  if (targets.flatMap((target) => childrenOf(target)).some(({ tag }) => ELEMENTS.has(tag))) {
    faults.push('an element of an array stands alone, at which Citus 13.2 crashes');
  }
  if (changes.some((item) => rules.callsVolatile(item))) faults.push('calls a volatile function');
  const tables = part('rtable').flatMap((item) => childrenOf([item]));
  if (
    tables.length > 1 ||
    tables.some((table) => wordOf(table, 'rtekind') !== RELATION) ||
    changes.flatMap(allNodes).some(({ tag }) => tag === 'SUBLINK')
  ) {
    faults.push('reads something beside the table');
  }
  return faults;
}

class Rules {
  constructor(private readonly catalog: Catalog) {}

  callsMutable(item: TreeItem): boolean {
    return allNodes(item).some((node) => this.isMutable(node));
  }

  callsVolatile(item: TreeItem): boolean {
    return allNodes(item).some((node) =>
      this.functionsOf(node).some((oid) => this.catalog.volatile.has(oid)),
    );
  }

  callsMutableOnColumn(item: TreeItem): boolean {
    return allNodes(item).some(
      (node) =>
        this.isMutable(node) &&
        childrenOf(node)
          .flatMap(allNodes)
          .some(({ tag }) => tag === 'VAR'),
    );
  }

  choosesByMutable(item: TreeItem): boolean {
    return allNodes(item).some((node) => CHOICES.has(node.tag) && this.callsMutable(node));
  }

  private isMutable(node: TreeNode): boolean {
    return (
      MOMENTS.has(node.tag) || this.functionsOf(node).some((oid) => this.catalog.mutable.has(oid))
    );
  }

  /** The functions that a node calls itself. A cast by way of text calls two. */
  private functionsOf(node: TreeNode): string[] {
    if (node.tag === 'COERCEVIAIO') {
      const [argument] = node.fields.get('arg')?.flatMap((item) => childrenOf([item])) ?? [];
      return [
        known(this.catalog.output, typeOf(argument)),
        known(this.catalog.input, typeOf(node)),
      ];
    }
    return ['funcid', 'opfuncid', 'hashfuncid', 'negfuncid'].flatMap((field) => {
      const oid = wordOf(node, field);
      return oid === undefined || oid === '0' ? [] : [oid];
    });
  }
}

const TYPE_FIELDS = [
  'vartype',
  'paramtype',
  'consttype',
  'funcresulttype',
  'opresulttype',
  'resulttype',
];

function typeOf(node: TreeNode): string {
  const type = TYPE_FIELDS.map((field) => wordOf(node, field)).find((word) => word !== undefined);
  if (type === undefined) throw new Error(`the type of ${node.tag} is not known`);
  return type;
}

function known(functions: ReadonlyMap<string, string>, type: string): string {
  const oid = functions.get(type);
  if (oid === undefined) throw new Error(`type ${type} is not known`);
  return oid;
}
