using Kopis.Config.Catalog;
using Kopis.Users.Quota;
using Kopis.Users.Virtual;

namespace Kopis.Host.Migration;

/// <summary>The plan for a site's settings in a home: lines of control files, aliases, virtual
/// users and .qmail files of alias, and what could not be carried over, with its place and the
/// reason. No I/O.</summary>
internal sealed class SitePlan
{
    /// <summary>Addresses, besides users, that a catch-all does not receive here.</summary>
    internal const string ExtensionsOfUsers = "USER-extension of a user there is that user's, "
        + "and refused without a .qmail file; the other server gave it to the catch-all";

    private const string Locked = "!";
    private readonly HashSet<string> _losses = [];

    /// <summary>New content of files that have one line or a number.</summary>
    internal SortedDictionary<string, string> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>Lines to add to lists, in order.</summary>
    internal SortedDictionary<string, List<string>> Lists { get; } = new(StringComparer.Ordinal);

    /// <summary>Rules for tcprules.txt.</summary>
    internal List<string> ClientRules { get; } = [];

    /// <summary>Lines of auth/smtproutes.</summary>
    internal List<string> Logins { get; } = [];

    /// <summary>Addresses, or @domain, with their targets.</summary>
    internal SortedDictionary<string, string[]> Aliases { get; } = new(StringComparer.Ordinal);

    /// <summary>Extensions of user alias, with the lines of their .qmail files.</summary>
    internal SortedDictionary<string, List<string>> Instructions { get; } =
        new(StringComparer.Ordinal);

    /// <summary>Lines of users/assign.</summary>
    internal List<string> Assignments { get; } = [];

    /// <summary>Virtual users, with functions that make their hashes; hashing a password takes
    /// long.</summary>
    internal SortedDictionary<string, Func<string>> Users { get; } = new(StringComparer.Ordinal);

    /// <summary>The .qmail files of virtual users.</summary>
    internal SortedDictionary<string, List<string>> UserInstructions { get; } =
        new(StringComparer.Ordinal);

    /// <summary>Quotas of virtual users.</summary>
    internal SortedDictionary<string, MaildirSize> Quotas { get; } = new(StringComparer.Ordinal);

    /// <summary>What was not carried over.</summary>
    internal List<string> Losses { get; } = [];

    /// <summary>What the administrator should know and do.</summary>
    internal List<string> Notes { get; } = [];

    /// <summary>Adds a line to a list, unless it is in the list already.</summary>
    internal void Add(ControlList file, string line)
    {
        if (!Lists.TryGetValue(file.Name, out List<string>? lines))
        {
            Lists[file.Name] = lines = [];
        }

        if (!lines.Contains(line))
        {
            lines.Add(line);
        }
    }

    /// <summary>Makes a domain one of this host's.</summary>
    internal void Serve(string domain)
    {
        Add(HostFiles.Locals, domain);
        Add(SmtpFiles.RcptHosts, domain);
    }

    /// <summary>Sets an alias, unless it has targets already.</summary>
    /// <returns>Null, or why the address or a target is not acceptable.</returns>
    internal string? SetAlias(string address, IEnumerable<string> targets)
    {
        string[] all = [.. targets.Select(target => target.ToLowerInvariant()).Distinct()];
        string? reason =
            VirtualAddress.Check(address[0] == '@' ? "x" + address : address) is { } bad
                ? $"{address}: {bad}"
                : VirtualAliases.Check(all);
        if (reason is null)
        {
            Aliases.TryAdd(address, all);
        }

        return reason;
    }

    /// <summary>Adds a virtual user; without a hash nobody can log in.</summary>
    internal void AddUser(string address, Func<string>? hash, ForeignLine line)
    {
        if (VirtualAddress.Check(address) is { } reason)
        {
            Lose(line, address, reason);
            return;
        }

        Users.TryAdd(address, hash ?? (() => Locked));
        if (hash is null)
        {
            Lose(line, address, "no password that can be checked here: kopis user password");
        }
    }

    /// <summary>Records what was not carried over, and why.</summary>
    internal void Lose(ForeignLine line, string what, string why) =>
        Lose($"{line.File}:{line.Number}: {what}: {why}");

    /// <summary>The same for a whole file.</summary>
    internal void Lose(string text)
    {
        if (_losses.Add(text))
        {
            Losses.Add(text);
        }
    }
}
