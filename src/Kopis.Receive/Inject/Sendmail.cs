using System.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Receive;

/// <summary><c>sendmail</c>, also as <c>mailq</c> (contract §5.3): turns sendmail's words into
/// qmail's, and becomes that program.</summary>
public static class Sendmail
{
    private const string Usage =
        "sendmail: usage: sendmail [ -t ] [ -fsender ] [ -Fname ] [ -bp ] [ -bs ] [ arg ... ]\n";

    private const string Ignored = "vimxtnG"; // t sets its flag besides.
    private const string IgnoredAttached = "EJ"; // With what is attached to them.
    private const string IgnoredWithValue = "epoBXNRVOL";

    /// <summary>Becomes the program; returns only on misuse.</summary>
    public static int Run(ProgramContext context)
    {
        Words words = new() { Mode = context.Name == "mailq" ? 'p' : 'm' };
        if (!words.Take(context.Arguments))
        {
            Fd.WriteAll(2, ByteText.ToBytes(Usage));
            return ExitCode.Permanent;
        }

        ByteEnvironment environment = new(context.Environment);
        return words.Mode switch
        {
            'p' => Become(context, environment, "qmail-qread", []),
            's' => Become(context, WithPeer(environment), "qmail-smtpd", []),
            _ => Inject(context, environment, words),
        };
    }

    private static int Inject(ProgramContext context, ByteEnvironment environment, Words words)
    {
        List<byte[]> arguments = [words.FromHeader ? "-H"u8.ToArray() : "-a"u8.ToArray()];
        if (words.Name is { } name)
        {
            environment["MAILNAME"] = name;
        }

        if (words.Sender is { } sender)
        {
            SetSender(environment, sender);
            arguments.Add([.. "-f"u8, .. sender]);
            if (sender.Length == 0)
            {
                arguments[^1] = "-f"u8.ToArray();
                arguments.Add([]);
            }
        }

        arguments.Add("--"u8.ToArray());
        arguments.AddRange(words.Recipients);
        return Become(context, environment, "qmail-inject", arguments);
    }

    private static void SetSender(ByteEnvironment environment, byte[] sender)
    {
        foreach (string variable in (string[])
            ["QMAILNAME", "MAILNAME", "NAME", "QMAILHOST", "MAILHOST"])
        {
            environment[variable] = null;
        }

        int at = sender.AsSpan().LastIndexOf((byte)'@');
        environment["QMAILUSER"] = at < 0 ? sender : sender[..at];
        if (at >= 0)
        {
            environment["QMAILHOST"] = sender[(at + 1)..];
        }
    }

    private static ByteEnvironment WithPeer(ByteEnvironment environment)
    {
        if (environment["PROTO"] is null)
        {
            foreach ((string name, string value) in ((string, string)[])
            [
                ("RELAYCLIENT", ""), ("DATABYTES", "0"), ("PROTO", "TCP"),
                ("TCPLOCALIP", "127.0.0.1"), ("TCPLOCALHOST", "localhost"),
                ("TCPREMOTEIP", "127.0.0.1"), ("TCPREMOTEHOST", "localhost"),
                ("TCPREMOTEINFO", "sendmail-bs"),
            ])
            {
                environment.SetText(name, value);
            }
        }

        return environment;
    }

    private static int Become(
        ProgramContext context, ByteEnvironment environment, string program,
        IReadOnlyList<byte[]> arguments)
    {
        string path = context.In($"bin/{program}");
        environment["KOPIS_HOME"] = Encoding.UTF8.GetBytes(context.Home);
        try
        {
            // Without a link in the home, the binary itself by that name.
            Processes.Exec(
                File.Exists(path) ? path : "/proc/self/exe",
                [ByteText.ToBytes(program), .. arguments], environment);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to run {program}: {e.Reason}", e);
        }

        return ExitCode.Temporary;
    }

    private sealed class Words
    {
        internal char Mode { get; set; }

        internal bool FromHeader { get; private set; }

        internal byte[]? Sender { get; private set; }

        internal byte[]? Name { get; private set; }

        internal IReadOnlyList<byte[]> Recipients { get; private set; } = [];

        internal bool Take(IReadOnlyList<byte[]> words)
        {
            int next = 0;
            while (next < words.Count && words[next] is [(byte)'-', _, ..])
            {
                byte[] word = words[next++];
                if (word.AsSpan().SequenceEqual("--"u8))
                {
                    break;
                }

                if (!TakeLetters(word.AsSpan(1), words, ref next))
                {
                    return false;
                }
            }

            Recipients = [.. words.Skip(next)];
            return true;
        }

        private bool TakeLetters(
            ReadOnlySpan<byte> letters, IReadOnlyList<byte[]> words, ref int next)
        {
            for (int i = 0; i < letters.Length; i++)
            {
                char letter = (char)letters[i];
                FromHeader |= letter == 't';
                if (Ignored.Contains(letter))
                {
                    continue;
                }

                if (IgnoredAttached.Contains(letter))
                {
                    return true;
                }

                if (!"fFrb".Contains(letter) && !IgnoredWithValue.Contains(letter))
                {
                    return false;
                }

                byte[]? value = i + 1 < letters.Length ? letters[(i + 1)..].ToArray()
                    : next < words.Count ? words[next++]
                    : null;
                return value is not null && Set(letter, value);
            }

            return true;
        }

        private bool Set(char letter, byte[] value)
        {
            switch (letter)
            {
                case 'f' or 'r':
                    Sender = value;
                    return true;
                case 'F':
                    Name = value;
                    return true;
                case 'b':
                    Mode = value.Length == 1 ? (char)value[0] : '?';
                    return Mode is 'm' or 'p' or 's';
                default:
                    return true;
            }
        }
    }
}
