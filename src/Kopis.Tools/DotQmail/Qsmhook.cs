using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.DotQmail;

/// <summary><c>qsmhook [-FLAGS] [-x PREFIX] PROGRAM ARGUMENTS</c>: runs a delivery agent from a
/// .qmail line in the way that sendmail's F= and A= describe (contract §11; INSTALL.qsmhook of
/// qmail 1.03).</summary>
public static class Qsmhook
{
    // Sendmail's flags that are ignored, because they ask for what a message has anyway, or for
    // what only sendmail's own queue knows: local, stripped quotes, no setuid, Date, From,
    // Message-ID, many users.
    private const string FlagsWithoutEffect = "lsSDFMm";

    /// <summary>Runs the program; the result is the agent's exit code.</summary>
    public static int Run(ProgramContext context)
    {
        Flags flags = Flags.Parse(context);
        byte[] unix = Required(context, "UFLINE");
        byte[] returnPath = Required(context, "RPLINE");
        byte[] sender = Required(context, "SENDER");
        byte[] user = Required(context, "LOCAL");
        byte[] host = Required(context, "HOST");
        if (!user.AsSpan().StartsWith(flags.Prefix))
        {
            throw new ConfigurationException(
                "LOCAL does not begin as -x says", ExitCode.Permanent);
        }

        user = user[flags.Prefix.Length..];
        user = flags.KeepsUser ? user : Ascii8.ToLower(user);
        host = flags.KeepsHost ? host : Ascii8.ToLower(host);
        sender = sender.Length == 0 ? "MAILER-DAEMON"u8.ToArray() : sender;
        List<byte[]> words =
            [.. flags.Words.Select(word => Expand(word, sender, user, host))];
        byte[] head =
        [
            .. flags.HasUnixLine ? unix : [],
            .. flags.HasReturnPath ? returnPath : [],
        ];
        WaitStatus status = ToolChild.Feed(context, words, head);
        return status.Crashed
            ? throw new ConfigurationException("child crashed")
            : status.ExitCode;
    }

    /// <summary>Substitutes sender, user and host for <c>%g</c>, <c>%u</c> and <c>%h</c>.</summary>
    internal static byte[] Expand(byte[] word, byte[] sender, byte[] user, byte[] host)
    {
        List<byte> expanded = new(word.Length);
        for (int i = 0; i < word.Length; i++)
        {
            if (word[i] != (byte)'%' || i + 1 == word.Length)
            {
                expanded.Add(word[i]);
                continue;
            }

            byte letter = word[++i];
            expanded.AddRange(letter switch
            {
                (byte)'g' => sender,
                (byte)'u' => user,
                (byte)'h' => host,
                (byte)'%' => [letter],
                _ => [(byte)'%', letter],
            });
        }

        return [.. expanded];
    }

    private static byte[] Required(ProgramContext context, string name) =>
        ToolQueue.Required(context, name);

    private sealed record Flags
    {
        internal bool HasUnixLine { get; private set; } = true;

        internal bool HasReturnPath { get; private set; }

        internal bool KeepsUser { get; private set; }

        internal bool KeepsHost { get; private set; }

        internal byte[] Prefix { get; private set; } = [];

        internal IReadOnlyList<byte[]> Words { get; private set; } = [];

        internal static Flags Parse(ProgramContext context)
        {
            Flags flags = new();
            int at = 0;
            while (context.ArgumentText(at) is { Length: > 1 } word && word[0] == '-')
            {
                at++;
                if (word == "--")
                {
                    break;
                }

                int prefix = word.IndexOf('x', StringComparison.Ordinal);
                foreach (char letter in prefix < 0 ? word[1..] : word[1..prefix])
                {
                    flags.Set(letter);
                }

                if (prefix >= 0)
                {
                    string? value = prefix + 1 < word.Length
                        ? word[(prefix + 1)..]
                        : context.ArgumentText(at++);
                    flags.Prefix = ByteText.ToBytes(value ?? throw Misused());
                }
            }

            flags.Words = [.. context.Arguments.Skip(at)];
            return flags.Words.Count > 0 ? flags : throw Misused();
        }

        private void Set(char letter)
        {
            HasUnixLine &= letter != 'n';
            HasReturnPath |= letter == 'P';
            KeepsUser |= letter == 'u';
            KeepsHost |= letter == 'h';
            if (letter is not ('n' or 'P' or 'u' or 'h')
                && !FlagsWithoutEffect.Contains(letter, StringComparison.Ordinal))
            {
                throw Misused();
            }
        }

        private static ConfigurationException Misused() =>
            new("incorrect usage", ExitCode.Permanent);
    }
}
