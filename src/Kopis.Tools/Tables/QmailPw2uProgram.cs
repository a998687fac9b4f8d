using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Tools.Tables;

/// <summary><c>qmail-pw2u [-/ohHuUC] [-c CHAR]</c>: converts passwd(5) on standard input to
/// users/assign on standard output (contract §7.4).</summary>
public static class QmailPw2uProgram
{
    private const int StandardOutput = 1;
    private const int AppendBytesMax = 512 * 1024 * 1024; // As of users/assign.
    private const string Usage = "usage: qmail-pw2u [ -/ohHuUC ] [ -c char ]";

    private static ReadOnlySpan<byte> Alias => "alias"u8;

    /// <summary>Runs the program, which prints nothing if it fails.</summary>
    public static int Run(ProgramContext context)
    {
        Pw2uRules rules = Parse(context);
        ControlDirectory users = new(context.In("users"));
        ConstMap? include = Set(users.ReadList(AccountFiles.Include));
        ConstMap? exclude = Set(users.ReadList(AccountFiles.Exclude));
        AssignBuilder assign =
            new(rules, ConstMap.KeyValue(users.ReadList(AccountFiles.MailNames) ?? []));
        using Stream input = Console.OpenStandardInput();
        using MemoryStream passwd = new();
        input.CopyTo(passwd);
        foreach (ReadOnlyMemory<byte> line in Lines(passwd.ToArray()))
        {
            if (PasswordLine.TryParse(line.Span) is not { } user
                || (!rules.AllowsCapitals && user.User.AsSpan().ContainsAnyInRange(
                    (byte)'A', (byte)'Z')))
            {
                continue;
            }

            bool isAlias = user.User.AsSpan().SequenceEqual(Alias);
            bool isWanted = include?.Contains(user.User) != false
                && exclude?.Contains(user.User) != true;
            if ((!isWanted && !isAlias) || !HasHome(user, rules.Home))
            {
                continue;
            }

            if (isAlias)
            {
                assign.AddAlias(user);
            }

            if (isWanted)
            {
                assign.Add(user);
            }
        }

        if (!assign.HasAlias)
        {
            throw new ConfigurationException("unable to find alias user");
        }

        foreach (byte[] line in users.ReadList(AccountFiles.SubUsers) ?? [])
        {
            assign.AddSubuser(line);
        }

        Fd.WriteAll(StandardOutput, assign.Finish(ReadAppend(context)));
        return ExitCode.Success;
    }

    private static ConstMap? Set(IReadOnlyList<byte[]>? lines) =>
        lines is null ? null : ConstMap.Set(lines);

    private static bool HasHome(PasswordLine user, Pw2uRules.HomeRule rule)
    {
        if (rule == Pw2uRules.HomeRule.Ignore)
        {
            return true;
        }

        int errno = Errno.NoEntry;
        FileStatus? home = user.Home.AsSpan().Contains((byte)0)
            ? null
            : Fd.TryStatus([.. user.Home, 0], out errno);
        if (home is null && (rule == Pw2uRules.HomeRule.Require || FileErrors.IsTemporary(errno)))
        {
            throw new ConfigurationException(
                $"unable to find home directory {RawText.Of(user.Home)} of "
                    + $"{RawText.Of(user.User)}: {FileErrors.Text(errno)}");
        }

        return home?.Uid == user.UidNumber;
    }

    private static byte[] ReadAppend(ProgramContext context) =>
        BoundedFile.TryRead(context.In("users/append"), AppendBytesMax, out int errno)
            ?? (errno == Errno.NoEntry ? [] : throw new ConfigurationException(
                $"unable to read users/append: {FileErrors.Text(errno)}"));

    private static IEnumerable<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> text)
    {
        while (!text.IsEmpty)
        {
            int end = text.Span.IndexOf((byte)'\n');
            yield return end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
        }
    }

    private static Pw2uRules Parse(ProgramContext context)
    {
        Pw2uRules rules = new();
        int at = 0;
        while (context.ArgumentText(at) is { Length: > 1 } word && word[0] == '-' && word != "--")
        {
            at++;
            for (int i = 1; i < word.Length; i++)
            {
                if (word[i] == 'c')
                {
                    string? value =
                        i + 1 < word.Length ? word[(i + 1)..] : context.ArgumentText(at++);
                    rules.Break = value is { Length: > 0 } ? (byte)value[0] : throw Misused();
                    break;
                }

                Set(rules, word[i]);
            }
        }

        return rules;
    }

    private static void Set(Pw2uRules rules, char option)
    {
        switch (option)
        {
            case '/':
                rules.Dash = "-/"u8.ToArray();
                break;
            case 'o':
                rules.Home = Pw2uRules.HomeRule.Skip;
                break;
            case 'h':
                rules.Home = Pw2uRules.HomeRule.Require;
                break;
            case 'H':
                rules.Home = Pw2uRules.HomeRule.Ignore;
                break;
            case 'u' or 'U':
                rules.AllowsCapitals = option == 'u';
                break;
            case 'C':
                rules.Break = null;
                break;
            default:
                throw Misused();
        }
    }

    private static ConfigurationException Misused() => new(Usage, ExitCode.Permanent);
}
