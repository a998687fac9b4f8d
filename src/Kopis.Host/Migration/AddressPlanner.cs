using System.Buffers;
using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Users.Virtual;

namespace Kopis.Host.Migration;

/// <summary>
/// Local and virtual domains, virtual aliases, mailboxes and aliases(5), as Postfix and sendmail
/// have them, as a plan. Pure.
/// </summary>
internal sealed class AddressPlanner
{
    private static readonly SearchValues<char> DomainBytes = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");

    private readonly SitePlan _plan;
    private readonly HostView _host;
    private readonly string _origin;
    private readonly ForeignLine[] _places;
    private readonly HashSet<string> _local = new(StringComparer.Ordinal);
    private readonly HashSet<string> _mailbox = new(StringComparer.Ordinal);
    private readonly HashSet<string> _served = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TableEntry> _virtual = new(StringComparer.Ordinal);
    private readonly LocalAliases _aliases;

    /// <param name="plan">What becomes of it.</param>
    /// <param name="host">The host's users.</param>
    /// <param name="origin">What an address without @ gets.</param>
    /// <param name="local">Domains of the host's users and aliases(5).</param>
    /// <param name="mailbox">Domains of virtual users.</param>
    /// <param name="others">Domains of virtual aliases alone.</param>
    /// <param name="places">Where the last two are set.</param>
    internal AddressPlanner(
        SitePlan plan, HostView host, string origin, IEnumerable<string> local,
        IEnumerable<string> mailbox, IEnumerable<string> others, ForeignLine[] places)
    {
        (_plan, _host, _origin, _places) = (plan, host, origin, places);
        _local.UnionWith(Sound(local));
        _mailbox.UnionWith(Sound(mailbox).Except(_local));
        _served.UnionWith(_local.Union(_mailbox).Union(Sound(others)));
        _aliases = new LocalAliases(plan, host, _local, origin);
    }

    /// <summary>The domains whose addresses are this host's.</summary>
    internal IReadOnlySet<string> Served => _served;

    /// <summary>Notes virtual aliases; the first of a key counts.</summary>
    internal void AddVirtual(IEnumerable<TableEntry> entries)
    {
        foreach (TableEntry entry in entries)
        {
            _virtual.TryAdd(entry.Key, entry);
        }
    }

    /// <summary>Notes an entry of aliases(5).</summary>
    internal void AddAlias(AliasEntry entry) => _aliases.Note(entry);

    /// <summary>Plans all addresses.</summary>
    /// <param name="mailboxes">Addresses of virtual users.</param>
    /// <param name="hashes">Password hashes by address.</param>
    internal void Plan(
        IEnumerable<TableEntry> mailboxes, IReadOnlyDictionary<string, Func<string>> hashes)
    {
        foreach (string domain in _served)
        {
            _plan.Serve(domain);
        }

        foreach (TableEntry entry in mailboxes)
        {
            PlanMailbox(entry, hashes);
        }

        foreach (TableEntry entry in _virtual.Values.Where(entry => !entry.Key.StartsWith('@')))
        {
            PlanVirtual(entry);
        }

        foreach (TableEntry entry in _virtual.Values.Where(entry => entry.Key.StartsWith('@')))
        {
            PlanCatchAll(entry);
        }

        _aliases.Plan();
        foreach (string domain in _served.Except(_local).Order(StringComparer.Ordinal)
            .Where(domain => _plan.Lists[HostFiles.Locals.Name].Contains(domain)
                && !_virtual.ContainsKey($"@{domain}")))
        {
            _plan.Lose(_places[_mailbox.Contains(domain) ? 0 : 1], domain,
                "users of the host get mail there too; control/badmailto can refuse it");
        }

        _plan.Notes.Add("users of the host whose home is missing or another's, as bin's is, "
            + "get no mail here");
    }

    private List<string> Sound(IEnumerable<string> domains)
    {
        List<string> sound = [];
        foreach (string domain in domains)
        {
            if (VirtualAddress.Check("x@" + domain) is { } reason)
            {
                _plan.Lose($"domain {domain}: {reason}");
            }
            else
            {
                sound.Add(domain);
            }
        }

        return sound;
    }

    private void PlanMailbox(TableEntry entry, IReadOnlyDictionary<string, Func<string>> hashes)
    {
        TextAddress parts = new(entry.Key);
        if (!parts.HasAt)
        {
            return;
        }

        if (parts.Local.IsEmpty)
        {
            _plan.Lose(entry.Line, entry.Key,
                "one mailbox for a whole domain: make a user, and kopis domain catchall");
        }
        else if (_mailbox.Contains(parts.Domain.ToString()))
        {
            _plan.AddUser(entry.Key, hashes.GetValueOrDefault(entry.Key), entry.Line);
        }
        else
        {
            _plan.Lose(entry.Line, entry.Key, "its domain is not in virtual_mailbox_domains");
        }
    }

    private void PlanVirtual(TableEntry entry)
    {
        if (AliasText.Split(entry.Value) is not { Count: > 0 } targets)
        {
            _plan.Lose(entry.Line, entry.Key, "no list of addresses");
            return;
        }

        TextAddress parts = new(entry.Key);
        if (!parts.HasAt)
        {
            if (_served.Contains(entry.Key) || entry.Key.Contains('.'))
            {
                return; // A domain of virtual_alias_maps; its value means nothing.
            }

            foreach (string domain in _local.Where(domain =>
                !_virtual.ContainsKey($"{entry.Key}@{domain}")))
            {
                PlanVirtual(entry with { Key = $"{entry.Key}@{domain}" });
            }

            return;
        }

        string local = parts.Local.ToString();
        string own = parts.Domain.ToString();
        string[] full = [.. targets.Select(target =>
            target is ['@', ..] ? local + target
            : target.Contains('@') ? target : $"{target}@{_origin}")];
        string[] others = [.. full.Where(target => !IsSame(target, entry.Key))];
        if (!_served.Contains(own))
        {
            PlanForeign(entry, own, full);
        }
        else if (_plan.Users.ContainsKey(entry.Key))
        {
            ForwardUser(entry.Key, others, others.Length < full.Length);
        }
        else if (others.Length < full.Length)
        {
            LoseSelf(entry, own, others);
        }
        else if (_plan.SetAlias(entry.Key, full) is { } reason)
        {
            _plan.Lose(entry.Line, entry.Key, reason);
        }
    }

    private static bool IsSame(string one, string other) =>
        one.Equals(other, StringComparison.OrdinalIgnoreCase);

    // An alias to itself ends the search for virtual aliases, and local(8) has the address.
    private void LoseSelf(TableEntry entry, string domain, string[] others)
    {
        if (others.Length > 0 || !_local.Contains(domain))
        {
            _plan.Lose(entry.Line, entry.Key, _local.Contains(domain)
                ? "it goes to its own mailbox too: write ./Maildir/ and the others, each after "
                    + "&, into that user's .qmail"
                : "it goes to itself, and there is no such mailbox");
        }
    }

    // Here the user comes before aliases: the mailbox's .qmail has them.
    private void ForwardUser(string address, string[] others, bool keeps)
    {
        if (others.Length > 0)
        {
            _plan.UserInstructions.TryAdd(
                address,
                [.. keeps ? (string[])["./Maildir/"] : [], .. others.Select(one => $"&{one}")]);
        }
    }

    /// <summary>An address of a domain that is not this host's: a line of virtualdomains for it
    /// alone.</summary>
    private void PlanForeign(TableEntry entry, string domain, string[] targets)
    {
        string name = new TextAddress(entry.Key).Local.ToString();
        string extension = $"{domain}-{name}";
        if (VirtualAddress.Check(entry.Key) is not null
            || entry.Key.AsSpan().ContainsAny('/', ':') || _host.HasInstructions(extension)
            || targets.Contains(entry.Key, StringComparer.OrdinalIgnoreCase))
        {
            _plan.Lose(entry.Line, entry.Key, "an alias in a domain of another host");
            return;
        }

        _plan.Add(HostFiles.VirtualDomains, $"{entry.Key}:alias-{domain}");
        _plan.Instructions[extension] = [.. targets.Select(target => $"&{target}")];
    }

    private void PlanCatchAll(TableEntry entry)
    {
        string domain = entry.Key[1..];
        if (!_served.Contains(domain) || AliasText.Split(entry.Value) is not { Count: > 0 } targets
            || targets.Any(target => target[0] == '@' && target.Length == 1))
        {
            _plan.Lose(entry.Line, entry.Key, _served.Contains(domain)
                ? "no list of addresses" : "a catch-all in a domain of another host");
            return;
        }

        if (targets.Any(target => target[0] == '@'))
        {
            PlanWholeDomain(entry, domain, targets);
            return;
        }

        string[] full = [.. targets.Select(target =>
            target.Contains('@') ? target : $"{target}@{_origin}")];
        if (_plan.SetAlias(entry.Key, full) is { } reason)
        {
            _plan.Lose(entry.Line, entry.Key, reason);
            return;
        }

        // Postfix asks it before mailboxes, users and aliases, all but those that name themselves.
        foreach (string user in _plan.Users.Keys.Where(user =>
            user.EndsWith(entry.Key, StringComparison.Ordinal) && !_virtual.ContainsKey(user)))
        {
            string[] others = [.. full.Where(target => !IsSame(target, user))];
            ForwardUser(user, others, others.Length < full.Length);
        }

        if (_mailbox.Contains(domain))
        {
            _plan.Lose(entry.Line, entry.Key, SitePlan.ExtensionsOfUsers);
        }

        _plan.Add(SmtpFiles.CatchAllFirst, domain); // Before the host's users too.
        if (_local.Contains(domain))
        {
            _aliases.Overridden.Add(domain);
        }
    }

    /// <summary><c>@a.example @b.example</c>: each address at another domain. Such a domain
    /// becomes a virtual one of user alias, with all of its addresses.</summary>
    private void PlanWholeDomain(TableEntry entry, string domain, List<string> targets)
    {
        if (targets.Count > 1 || _local.Contains(domain) || _mailbox.Contains(domain)
            || targets[0].AsSpan(1).ContainsAnyExcept(DomainBytes)
            || _host.HasInstructions($"{domain}-default"))
        {
            _plan.Lose(entry.Line, entry.Key, "each address at another domain: only for a domain "
                + "of virtual_alias_domains, to one other");
            return;
        }

        _plan.Lists[HostFiles.Locals.Name].Remove(domain);
        _plan.Add(HostFiles.VirtualDomains, $"{domain}:alias-{domain}");
        _plan.Instructions[$"{domain}-default"] = [$"|forward \"$DEFAULT\"{targets[0]}"];
        foreach (string address in _plan.Aliases.Keys
            .Where(key => key.EndsWith(entry.Key, StringComparison.Ordinal)).ToArray())
        {
            string name = new TextAddress(address).Local.ToString();
            string[] found = _plan.Aliases[address];
            _plan.Aliases.Remove(address);
            if (name.Contains('/'))
            {
                _plan.Lose(entry.Line, address, "no .qmail file can have this name");
            }
            else
            {
                _plan.Instructions[$"{domain}-{name}"] =
                    [.. found.Select(target => $"&{target}")];
            }
        }
    }
}
