using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Host.Accounts;
using Kopis.Host.Install;
using Kopis.Net.Listener;
using Kopis.Posix;
using Kopis.Tools.Tables;
using Kopis.Users.Quota;
using Kopis.Users.Virtual;

namespace Kopis.Host.Migration;

/// <summary>Writes a plan into a home, after a journal of the old state.</summary>
/// <param name="context">The home.</param>
/// <param name="plan">The plan; what the home has already is removed from it.</param>
internal sealed class PlanWriter(ProgramContext context, SitePlan plan)
{
    private const int Readable = 0x1A4; // 0644
    private const int OwnerReadsOnly = 0x100; // 0400
    private const int FileBytesMax = 1024 * 1024;
    internal const string LoginFile = "auth/smtproutes";
    internal const string AssignFile = "users/assign";
    private const string SizeFile = $"Maildir/{MigrationJournal.SizeFile}";

    private readonly ControlDirectory _control = ControlDirectory.Of(context);

    /// <summary>Removes from the plan what the home has already, or must keep.</summary>
    internal void Settle()
    {
        VirtualAliases aliases = new(context.Home);
        foreach (string address in plan.Aliases.Keys.ToArray())
        {
            string[] old = aliases.Find(ByteText.ToBytes(address));
            if (old.Length > 0)
            {
                if (!old.SequenceEqual(plan.Aliases[address]))
                {
                    plan.Lose($"users/aliases: {address}: it is there with other targets, "
                        + "which stay");
                }

                plan.Aliases.Remove(address);
            }
        }

        VirtualUsers users = new(context.Home);
        foreach (string address in plan.Users.Keys.ToArray())
        {
            if (users.Find(ByteText.ToBytes(address)) is not null)
            {
                plan.Lose($"users/virtual: {address}: the user is there, and stays as it is");
                plan.Users.Remove(address);
                plan.UserInstructions.Remove(address);
                plan.Quotas.Remove(address);
            }
        }

        SettleInstructions();
        string[] assigned = [.. Assigned()];
        plan.Assignments.RemoveAll(assigned.Contains);
        foreach ((string name, List<string> lines) in plan.Lists)
        {
            ControlList file = ListOf(name);
            string[] old = [.. (_control.ReadList(file) ?? []).Select(line =>
                ByteText.ToText(Ascii8.ToLower(line)))];
            if (file == HostFiles.Locals)
            {
                plan.Notes.AddRange(old.Where(domain => !lines.Contains(domain))
                    .Select(domain => $"control/locals has {domain} already: it stays"));
            }

            lines.RemoveAll(old.Contains);
        }

        foreach (string name in plan.Values.Keys.ToArray())
        {
            if (_control.ReadWhole(FileOf(name)) is { } now
                && ByteText.ToText(now).TrimEnd() == plan.Values[name])
            {
                plan.Values.Remove(name);
            }
        }
    }

    /// <summary>Files that the installation wrote first are replaced; files that people have
    /// written are kept.</summary>
    private void SettleInstructions()
    {
        foreach (string name in plan.Instructions.Keys.ToArray())
        {
            if (BoundedFile.TryRead(context.In($"alias/{DotQmail(name)}"), FileBytesMax, out _)
                is not { } now)
            {
                continue;
            }

            bool isSame = now.AsSpan().SequenceEqual(Text(plan.Instructions[name]));
            if (!isSame && !now.AsSpan().SequenceEqual("./Maildir/\n"u8))
            {
                plan.Lose($"alias/{DotQmail(name)}: it is there with other lines, which stay");
                isSame = true;
            }

            if (isSame)
            {
                plan.Instructions.Remove(name);
            }
        }
    }

    /// <summary>The lines of users/assign without the last, which is a dot.</summary>
    private IEnumerable<string> Assigned() =>
        BoundedFile.TryRead(context.In(AssignFile), ControlDirectory.FileBytesMax, out _)
            is { } content
            ? ByteText.ToText(content).Split('\n').TakeWhile(line => line != ".")
                .Where(line => line.Length > 0)
            : [];

    /// <summary>Writes everything.</summary>
    /// <exception cref="IOException">A file cannot be written.</exception>
    internal void Write()
    {
        MigrationJournal journal = new(context.Home);
        (string User, string Hash)[] hashes =
            [.. plan.Users.Select(user => (user.Key, user.Value()))]; // Before the locks.
        using (VirtualUsersFile users = new(context.Home))
        using (VirtualAliasesFile aliases = new(context.Home))
        {
            journal.Begin(Files(users), Directories(users));
            WriteControl();
            WriteUsers(users, hashes);
            WriteAliases(aliases);
        }

        foreach ((string name, List<string> lines) in plan.Instructions)
        {
            MakeFile($"alias/{DotQmail(name)}", lines);
        }

        WriteAssignments();
        if (plan.Lists.GetValueOrDefault(SmtpFiles.MoreRcptHosts.Name) is { Count: > 0 })
        {
            _ = QmailNewmrh.Run(context);
        }

        journal.Finish();
    }

    /// <summary>The file for an extension of user alias.</summary>
    internal static string DotQmail(string extension) =>
        ".qmail-" + extension.ToLowerInvariant().Replace('.', ':');

    private IEnumerable<string> Files(VirtualUsersFile users)
    {
        foreach (string name in plan.Values.Keys.Concat(
            plan.Lists.Where(list => list.Value.Count > 0).Select(list => list.Key)))
        {
            yield return $"control/{name}";
        }

        string[] others =
        [
            .. plan.ClientRules.Count == 0 ? [] : (string[])[
                $"{ListenerFiles.TcpRulesText}", $"{ListenerFiles.TcpRulesDat}"],
            .. plan.Logins.Count == 0 ? [] : (string[])[LoginFile],
            .. plan.Assignments.Count == 0 ? [] : (string[])[AssignFile, "users/cdb"],
            .. !plan.Lists.TryGetValue(SmtpFiles.MoreRcptHosts.Name, out List<string>? more)
                || more.Count == 0 ? [] : (string[])[$"{SmtpFiles.MoreRcptHostsCdb}"],
            .. plan.Aliases.Count == 0 ? [] : (string[])["users/aliases", "users/aliases.cdb"],
            .. plan.Users.Count == 0 ? [] : (string[])["users/virtual", "users/virtual.cdb"],
        ];
        foreach (string name in others
            .Concat(plan.Instructions.Keys.Select(name => $"alias/{DotQmail(name)}"))
            .Concat(plan.UserInstructions.Keys.Select(user => InHome(users, user, ".qmail")))
            .Concat(plan.Quotas.Keys.Select(user => InHome(users, user, SizeFile))))
        {
            yield return name;
        }
    }

    private string InHome(VirtualUsersFile users, string user, string name) =>
        $"{Path.GetRelativePath(context.Home, users.HomeOf(user))}/{name}";

    private IEnumerable<string> Directories(VirtualUsersFile users) =>
        plan.Users.Count == 0 ? []
            : plan.Users.Keys.SelectMany(user =>
            {
                string place = Path.GetRelativePath(context.Home, users.HomeOf(user));
                return (string[])[
                    "users/mail", Path.GetDirectoryName(place)!, place, $"{place}/Maildir",
                    $"{place}/Maildir/tmp", $"{place}/Maildir/new", $"{place}/Maildir/cur"];
            }).Distinct();

    private static ControlFile FileOf(string name) => ControlCatalog.Find($"control/{name}")
        ?? throw new InvalidOperationException($"no control file {name}");

    private static ControlList ListOf(string name) => (ControlList)FileOf(name);

    private void WriteControl()
    {
        foreach ((string name, string value) in plan.Values)
        {
            OwnDomains.Replace(_control, FileOf(name), ByteText.ToBytes($"{value}\n"));
        }

        foreach ((string name, List<string> lines) in plan.Lists)
        {
            if (lines.Count > 0)
            {
                OwnDomains.Append(_control, ListOf(name), [.. lines.Select(ByteText.ToBytes)]);
            }
        }

        if (plan.ClientRules.Count > 0)
        {
            WriteRules();
        }

        if (plan.Logins.Count > 0)
        {
            WriteLogins();
        }
    }

    private void WriteRules()
    {
        string old = ByteText.ToText(_control.ReadWhole(ListenerFiles.TcpRulesText) ?? []);
        HashSet<string> keys = [.. old.Split('\n').Select(KeyOf)];
        byte[] text = ByteText.ToBytes(string.Concat(
            plan.ClientRules.Where(rule => !keys.Contains(KeyOf(rule))).Select(rule => $"{rule}\n"))
            + old);
        TcpRulesCompiler compiler = new();
        foreach (Range line in text.AsSpan().Split((byte)'\n'))
        {
            if (!compiler.TryAdd(text.AsSpan()[line]))
            {
                throw _control.Bad(ListenerFiles.TcpRulesText,
                    $"unable to parse this line: {LogText.Safe(text.AsSpan()[line])}");
            }
        }

        OwnDomains.Replace(_control, ListenerFiles.TcpRulesText, text);
        OwnDomains.Replace(_control, ListenerFiles.TcpRulesDat, compiler.ToArray());
    }

    private static string KeyOf(string rule) => rule.LastIndexOf(":allow", StringComparison.Ordinal)
        is > 0 and int end ? rule[..end] : "";

    // The directory belongs to the user that sends.
    private void WriteLogins()
    {
        string path = context.In(LoginFile);
        byte[] old = BoundedFile.TryRead(path, ControlDirectory.FileBytesMax, out int errno)
            ?? (errno == Errno.NoEntry ? [] : throw new PosixException($"read {path}", errno));
        string text = ByteText.ToText(old);
        text = text.Length == 0 || text.EndsWith('\n') ? text : text + "\n";
        byte[] content = ByteText.ToBytes(
            text + string.Concat(plan.Logins.Select(line => $"{line}\n")));
        string directory = Path.GetDirectoryName(path)!;
        if (ProcessIdentity.ForWorkIn(directory) is { } owner)
        {
            OwnerWork.Run(owner, content, "replace-secret", path);
        }
        else
        {
            PlainFile.Replace(path, content, OwnerReadsOnly);
        }
    }

    private void WriteAssignments()
    {
        if (plan.Assignments.Count > 0)
        {
            string text = string.Concat(
                Assigned().Concat(plan.Assignments).Select(line => $"{line}\n"));
            PlainFile.Replace(context.In(AssignFile), ByteText.ToBytes($"{text}.\n"), Readable);
            _ = QmailNewuProgram.Run(context);
        }
    }

    private void WriteUsers(VirtualUsersFile users, (string User, string Hash)[] hashes)
    {
        if (plan.Users.Count == 0)
        {
            return;
        }

        foreach ((string address, string hash) in hashes)
        {
            users.MakeMailbox(users.Set(address, hash));
        }

        users.Save();
        foreach ((string address, List<string> lines) in plan.UserInstructions)
        {
            MakeFile(InHome(users, address, ".qmail"), lines);
        }

        foreach ((string address, MaildirSize quota) in plan.Quotas)
        {
            MakeFile(InHome(users, address, SizeFile), [ByteText.ToText(quota.Format()).TrimEnd()]);
        }
    }

    private void WriteAliases(VirtualAliasesFile aliases)
    {
        if (plan.Aliases.Count == 0)
        {
            return;
        }

        foreach ((string address, string[] targets) in plan.Aliases)
        {
            aliases.Set(address, targets);
        }

        aliases.Save();
    }

    private void MakeFile(string name, IEnumerable<string> lines)
    {
        byte[] content = Text(lines);
        if (MigrationJournal.OwnerOf(context.Home, name) is { } owner)
        {
            OwnerWork.Run(owner, content, "replace-file", context.In(name));
        }
        else
        {
            PlainFile.Replace(context.In(name), content, Readable);
        }
    }

    private static byte[] Text(IEnumerable<string> lines) =>
        ByteText.ToBytes(string.Concat(lines.Select(line => $"{line}\n")));
}
