using Kopis.Base;

namespace Kopis.Host.Migration;

/// <summary>
/// Entries of aliases(5) as aliases of each local domain; those with programs, files and lists
/// as .qmail files of user alias.
/// </summary>
/// <param name="plan">What becomes of them.</param>
/// <param name="host">The host's users.</param>
/// <param name="domains">The local domains.</param>
/// <param name="origin">What a target without @ gets.</param>
internal sealed class LocalAliases(
    SitePlan plan, HostView host, IReadOnlyCollection<string> domains, string origin)
{
    private const string Moved = "migrated-";

    private readonly Dictionary<string, AliasEntry> _entries = new(StringComparer.Ordinal);
    private readonly HashSet<string> _virtual = new(StringComparer.Ordinal);

    /// <summary>Domains whose addresses go elsewhere before aliases are looked at.</summary>
    internal HashSet<string> Overridden { get; } = new(StringComparer.Ordinal);

    /// <summary>Notes an entry; the first of a name counts.</summary>
    internal void Note(AliasEntry entry) => _entries.TryAdd(entry.Name, entry);

    /// <summary>Plans all of them, after the virtual aliases.</summary>
    internal void Plan()
    {
        _virtual.UnionWith(plan.Aliases.Keys);
        foreach (AliasEntry entry in _entries.Values)
        {
            if (entry.Name.Contains('@'))
            {
                plan.Lose(entry.Line, entry.Name, "an alias with a domain never counts here");
                continue;
            }

            List<string> others = [.. entry.Targets.Where(target => !IsSelf(entry, target))];
            bool hasSelf = others.Count < entry.Targets.Count;
            if (entry.Targets.Count == 0 || (hasSelf && others.Count == 0))
            {
                continue;
            }

            if (hasSelf)
            {
                plan.Lose(entry.Line, entry.Name, host.IsUser(entry.Name)
                    ? $"it goes to its own mailbox too: write ./Maildir/ and the others, each "
                        + $"after &, into ~{entry.Name}/.qmail"
                    : "it goes to itself, and there is no such user");
            }
            else if (others.All(AliasText.IsAddress)
                && !_entries.ContainsKey($"owner-{entry.Name}"))
            {
                Forward(entry, [.. others.Select(Full)]);
            }
            else
            {
                Instruct(entry);
            }
        }
    }

    private bool IsSelf(AliasEntry entry, string target)
    {
        string name = target.TrimStart('\\').ToLowerInvariant();
        return name == entry.Name
            || (name.StartsWith($"{entry.Name}@", StringComparison.Ordinal)
                && domains.Contains(name[(entry.Name.Length + 1)..]));
    }

    /// <summary>An address that is complete. One of a local domain is looked for among aliases(5)
    /// and users alone, by the other server, and not among virtual aliases: where those have it,
    /// another local domain stands for it.</summary>
    private string Full(string target)
    {
        string full = target.Contains('@') ? target : $"{target.TrimStart('\\')}@{origin}";
        TextAddress parts = new(full);
        string local = parts.Local.ToString();
        return domains.Contains(parts.Domain.ToString().ToLowerInvariant()) && IsVirtual(full)
            ? domains.Select(domain => $"{local}@{domain}")
                .FirstOrDefault(other => !IsVirtual(other), full)
            : full;
    }

    private bool IsVirtual(string address)
    {
        string key = address.ToLowerInvariant();
        return _virtual.Contains(key)
            || Overridden.Contains(new TextAddress(key).Domain.ToString());
    }

    private void Forward(AliasEntry entry, string[] targets)
    {
        foreach (string domain in domains.Where(domain => !Overridden.Contains(domain)))
        {
            if (plan.SetAlias($"{entry.Name}@{domain}", targets) is { } reason)
            {
                plan.Lose(entry.Line, entry.Name, reason);
                return;
            }
        }
    }

    /// <summary>A .qmail file of alias. Where a user or a file has the name, the file gets another
    /// and an alias leads there.</summary>
    private void Instruct(AliasEntry entry)
    {
        List<string> lines = [];
        IncludedLists lists = new(plan, entry, Full);
        foreach (string target in entry.Targets)
        {
            Add(lines, lists, entry, target);
        }

        if (lines.Count == 0 || domains.Count == 0)
        {
            return;
        }

        if (entry.Name.AsSpan().ContainsAnyExceptInRange('!', '~')
            || entry.Name.AsSpan().ContainsAny('/', ':'))
        {
            plan.Lose(entry.Line, entry.Name, "no .qmail file can have this name");
            return;
        }

        string name = entry.Name;
        if (host.IsUser(name) || host.HasInstructions(name) || IsExtension(name))
        {
            name = Moved + name;
        }

        if (host.HasInstructions(name))
        {
            plan.Lose(entry.Line, entry.Name, $"alias has a file .qmail-{name} already");
            return;
        }

        plan.Instructions[name] = lines;
        if (_entries.ContainsKey($"owner-{entry.Name}"))
        {
            plan.Instructions[$"{name}-owner"] = [$"&{Full($"owner-{entry.Name}")}"];
        }

        foreach (string domain in domains.Where(domain =>
            !Overridden.Contains(domain) && name != entry.Name))
        {
            if (plan.SetAlias($"{entry.Name}@{domain}", [$"{name}@{domain}"]) is { } reason)
            {
                plan.Lose(entry.Line, entry.Name, reason);
            }
        }
    }

    // joe-x is joe's, if there is a joe.
    private bool IsExtension(string name)
    {
        for (int end = name.LastIndexOf('-'); end > 0; end = name.LastIndexOf('-', end - 1))
        {
            if (host.IsUser(name[..end]))
            {
                return true;
            }
        }

        return false;
    }

    private void Add(List<string> lines, IncludedLists lists, AliasEntry entry, string target)
    {
        if (target.StartsWith(IncludedLists.Word, StringComparison.OrdinalIgnoreCase))
        {
            lists.Add(lines, target[IncludedLists.Word.Length..].Trim());
        }
        else if (target == "/dev/null")
        {
            lines.Add("# mail is discarded");
        }
        else if (target is ['|', .. string command])
        {
            lines.Add($"|{command.Trim()}");
            plan.Notes.Add($"{entry.Line.File}:{entry.Line.Number}: {entry.Name}: the program runs "
                + "as user alias now; see whether it may do its work");
        }
        else if (target[0] is '/')
        {
            lines.Add(target);
            plan.Notes.Add($"{entry.Line.File}:{entry.Line.Number}: {entry.Name}: user alias must "
                + $"be able to write {target}");
        }
        else
        {
            lines.Add($"&{Full(target)}");
        }
    }
}
