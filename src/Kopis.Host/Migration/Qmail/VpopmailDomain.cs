using System.Globalization;
using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Host.Accounts;
using Kopis.Posix;
using Kopis.Users.Logins;

namespace Kopis.Host.Migration.Qmail;

/// <summary>Plans one domain of vpopmail: its users, their quotas and .qmail files, its aliases
/// (<c>.qmail-NAME</c>), and what <c>.qmail-default</c> does with all other addresses.</summary>
/// <param name="plan">The plan to add to.</param>
/// <param name="domain">The domain, in lower case.</param>
/// <param name="place">The domain's directory.</param>
/// <param name="local">A domain for .qmail files of alias; null if there is none.</param>
internal sealed class VpopmailDomain(SitePlan plan, string domain, string place, string? local)
{
    private const string AliasPrefix = ".qmail-", Default = "default";
    private const string Program = "vdelivermail";
    private const string OwnMaildir = "./Maildir/";
    private const string Moved = "migrated-"; // A host with vpopmail has a user vpopmail.
    private const string Discarded = "# mail is discarded";

    private readonly Dictionary<string, VpopmailUser> _users = new(StringComparer.Ordinal);

    /// <summary>Plans the domain.</summary>
    internal void Plan()
    {
        plan.Serve(domain);
        foreach (VpopmailUser user in VpopmailUser.Read(place, plan))
        {
            PlanUser(user);
        }

        using (Beneath tree = new(place))
        {
            foreach (VpopmailUser user in _users.Values)
            {
                PlanOwnFile(user, tree);
            }
        }

        foreach (string path in AliasFiles())
        {
            string name = NameOf(path);
            if (ForeignText.TryRead(path, out string why) is not { } lines)
            {
                plan.Lose($"{path}: {why}");
            }
            else if (name == Default)
            {
                PlanDefault(lines);
            }
            else
            {
                PlanAlias(name, lines);
            }
        }

        if (!File.Exists(Path.Combine(place, AliasPrefix + Default)))
        {
            plan.Lose($"{place}/{AliasPrefix}{Default}: it is not there: no user of {domain} had "
                + "mail; here all have");
        }

        plan.Notes.Add($"{place}: mail of {domain} goes to new mailboxes below users/mail; copy "
            + "what is in the old Maildirs there");
    }

    /// <summary>Plans it as another name of a domain that has the same addresses.</summary>
    internal void PlanOtherName(string own)
    {
        plan.Serve(domain);
        foreach (VpopmailUser user in VpopmailUser.Read(place, plan))
        {
            _users.TryAdd(user.Name, user);
            AddOtherName(user.Name, own, user.Line);
        }

        foreach (string path in AliasFiles())
        {
            ForeignLine line = new(path, 1, "");
            string name = NameOf(path);
            if (name != Default && !IsOpen(name))
            {
                AddOtherName(name, own, line);
            }
            else if (name == Default && ForeignText.TryRead(path, out _) is { } lines)
            {
                PlanDefault(lines);
            }
        }
    }

    private static bool IsOpen(string name) =>
        name.EndsWith($"-{Default}", StringComparison.Ordinal);

    private void AddOtherName(string name, string own, ForeignLine line)
    {
        if (plan.SetAlias($"{name}@{domain}", [$"{name}@{own}"]) is { } reason)
        {
            plan.Lose(line, $"{name}@{domain}", reason);
        }
    }

    private string[] AliasFiles() =>
        Paths.Files(place, $"{AliasPrefix}*");

    private static string NameOf(string path) =>
        Path.GetFileName(path)[AliasPrefix.Length..].Replace(':', '.').ToLowerInvariant();

    private void PlanUser(VpopmailUser user)
    {
        string address = $"{user.Name}@{domain}";
        bool isRestricted = user.Flags is not ("" or "0");
        plan.AddUser(
            address,
            user.Clear.Length > 0 && !isRestricted
                ? () => PasswordHash.Create(ByteText.ToBytes(user.Clear)) : null,
            user.Line);
        if (!plan.Users.ContainsKey(address) || !_users.TryAdd(user.Name, user))
        {
            return;
        }

        if (isRestricted)
        {
            plan.Lose(user.Line, address, $"its flags, {user.Flags}, forbid POP3, relaying or "
                + "mail: it gets mail here, and no password until kopis user password sets one");
        }

        if (user.Quota is "" or "0" or "NOQUOTA")
        {
            return;
        }

        if (QuotaCommand.Parse(user.Quota) is { } quota)
        {
            plan.Quotas[address] = quota;
        }
        else
        {
            plan.Lose(user.Line, address, $"quota {user.Quota}: kopis user quota");
        }
    }

    // vdelivermail follows the .qmail file in a user's directory, if that file has a line. vpopmail
    // says which directory that is, so it must be one of the domain, and not anything else that
    // root can read.
    private void PlanOwnFile(VpopmailUser user, Beneath tree)
    {
        string path = Path.Combine(user.Home, ".qmail");
        string address = $"{user.Name}@{domain}";
        if (!user.Home.StartsWith($"{place}/", StringComparison.Ordinal))
        {
            plan.Lose(user.Line, address, $"its directory is not below {place}");
            return;
        }

        string name = path[(place.Length + 1)..];
        if (tree.TryStatus(Fd.PathBytes(name), out int errno) is null && errno == Errno.NoEntry)
        {
            return;
        }

        if (ForeignText.TryRead(tree, name, path, out string why) is not { } lines)
        {
            plan.Lose($"{path}: {why}");
        }
        else if (Instructions(user.Name, lines, out _) is { Count: > 0 } instructions
            && instructions is not [OwnMaildir])
        {
            plan.UserInstructions[address] = instructions;
        }
    }

    private void PlanAlias(string name, List<ForeignLine> lines)
    {
        string address = $"{name}@{domain}";
        if (IsOpen(name))
        {
            plan.Lose(lines[0], address, "addresses with an open end: an alias here has one "
                + "address, or all of a domain");
        }
        else if (Instructions(name, lines, out string[]? targets) is not { Count: > 0 } written)
        {
            plan.Lose(lines[0], address, "no line of it is carried");
        }
        else if (_users.ContainsKey(name))
        {
            plan.UserInstructions[address] = written; // It came before the user of this name.
        }
        else if (targets is not null)
        {
            if (plan.SetAlias(address, targets) is { } reason)
            {
                plan.Lose(lines[0], address, reason);
            }
        }
        else
        {
            Instruct(address, name, written, lines[0]);
        }
    }

    // A .qmail file of alias, under a name that no other domain uses.
    private void Instruct(string address, string name, List<string> written, ForeignLine line)
    {
        string extension = $"{Moved}{domain}-{name}";
        if (local is null || extension.Contains('/')
            || extension.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            plan.Lose(line, address, "no .qmail file of alias can stand for it");
        }
        else if (plan.SetAlias(address, [$"{extension}@{local}"]) is { } reason)
        {
            plan.Lose(line, address, reason);
        }
        else
        {
            plan.Instructions[extension] = written;
        }
    }

    /// <summary>Converts the lines of a .qmail file. What cannot be carried over is added to the
    /// plan's losses.</summary>
    /// <param name="name">The owner of the lines.</param>
    /// <param name="lines">The lines.</param>
    /// <param name="targets">The addresses, if the lines have nothing else.</param>
    private List<string> Instructions(
        string name, List<ForeignLine> lines, out string[]? targets)
    {
        List<string> written = [];
        List<string> addresses = [];
        bool isLost = false;
        foreach (ForeignLine line in lines)
        {
            string text = line.Text.TrimEnd(' ', '\t');
            if (text.Length == 0 || text[0] == '#')
            {
                continue;
            }

            if (text[0] == '|' && !text.Contains(Program, StringComparison.Ordinal))
            {
                written.Add(text);
                plan.Notes.Add(string.Create(CultureInfo.InvariantCulture,
                    $"{line.File}:{line.Number}: {name}@{domain}: the program runs as another ")
                    + "user, and in another directory; see whether it may do its work");
            }
            else if (AddressOf(text) is { } target)
            {
                addresses.Add(target);
                written.Add(target == $"{name}@{domain}" ? OwnMaildir : $"&{target}");
            }
            else
            {
                isLost = true;
                plan.Lose(line, text, $"nothing here is the same for {name}@{domain}");
            }
        }

        if (written.Count == 0 && !isLost && lines.Any(line => line.Text.Length > 0))
        {
            written.Add(Discarded);
        }

        targets = addresses.Count == written.Count ? [.. addresses] : null;
        return written;
    }

    /// <summary>The address that a line means; a user's own Maildir means the user. Null if it
    /// means none.</summary>
    private string? AddressOf(string text)
    {
        if (text[0] is '/' or '.')
        {
            string full = Path.GetFullPath(text, place);
            full = Path.TrimEndingDirectorySeparator(full);
            full = full.EndsWith("/Maildir", StringComparison.Ordinal)
                ? Path.GetDirectoryName(full)! : full;
            VpopmailUser? user = _users.Values.FirstOrDefault(one => one.Home == full);
            return user is null ? null : $"{user.Name}@{domain}";
        }

        if (text[0] == '|')
        {
            return null;
        }

        string address = text.TrimStart('&').Trim().ToLowerInvariant();
        return address.Contains('@') ? address
            : $"{address}@{plan.Values.GetValueOrDefault(HostFiles.Me.Name)}";
    }

    // |/home/vpopmail/bin/vdelivermail '' bounce-no-mailbox
    private void PlanDefault(List<ForeignLine> lines)
    {
        ForeignLine[] deliveries = [.. lines.Where(line => line.Text is not ("" or ['#', ..]))];
        string[] words = deliveries is [{ Text: ['|', ..] }]
            ? deliveries[0].Text[1..].Split(
                (char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)
            : [];
        if (words is not [var program, _, var rest] || Path.GetFileName(program) != Program)
        {
            foreach (ForeignLine line in deliveries.DefaultIfEmpty(lines[0]))
            {
                plan.Lose(line, line.Text, $"not one line with {Program}, for all addresses of "
                    + domain);
            }
        }
        else if (rest == "delete")
        {
            CatchAll(local is null ? [] : [$"{Moved}{domain}@{local}"], deliveries[0]);
            plan.Instructions[$"{Moved}{domain}"] = [Discarded];
        }
        else if (rest != "bounce-no-mailbox")
        {
            CatchAll(AddressOf(rest) is { } target ? [target] : [], deliveries[0]);
        }
        else
        {
            plan.Lose(deliveries[0], domain,
                "users of the host get mail there too; control/badmailto can refuse it");
        }
    }

    private void CatchAll(string[] targets, ForeignLine line)
    {
        if (targets.Length == 0 || plan.SetAlias($"@{domain}", targets) is not null)
        {
            plan.Lose(line, line.Text, $"no address for all others of {domain}");
            return;
        }

        plan.Add(SmtpFiles.CatchAllFirst, domain); // Before the host's users.
        if (_users.Count > 0)
        {
            plan.Lose(line, $"@{domain}", SitePlan.ExtensionsOfUsers);
        }
    }
}
