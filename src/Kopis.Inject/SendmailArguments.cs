using Kopis.Base;

namespace Kopis.Inject;

/// <summary>The command line of sendmail, as Sendmail, Postfix and Exim accept it. Options without
/// a meaning here are ignored; unknown ones are an error.</summary>
internal sealed class SendmailArguments
{
    private const string Flags = "vimxtnGUcsT";
    private const string WithAttached = "dEJ"; // Take a value only if attached.
    private const string WithValue = "ABCDFLNOQRVXbefhopr";

    // Options of Exim, whose value is the next word; Sendmail's -oMrX is one word.
    private static readonly string[] WordsOfExim =
        ["Ma", "Maa", "Mai", "Mas", "Mi", "Mm", "Mr", "Ms", "Mt", "P", "X", "A"];

    private bool _runsQueue;
    private bool _isDaemonOfQueue;

    /// <summary>What to do: <c>m</c> inject, <c>p</c> mailq, <c>s</c> SMTP, <c>i</c> newaliases,
    /// <c>d</c> daemon, <c>v</c> verify, <c>q</c> run the queue once, <c>r</c> run it repeatedly.
    /// </summary>
    internal char Mode { get; private set; }

    /// <summary>-t</summary>
    internal bool FromHeader { get; private set; }

    /// <summary>-f, -r; null if not given.</summary>
    internal byte[]? Sender { get; private set; }

    /// <summary>-F; null if not given.</summary>
    internal byte[]? Name { get; private set; }

    /// <summary>-oA; null if not given.</summary>
    internal byte[]? AliasFile { get; private set; }

    internal IReadOnlyList<byte[]> Recipients { get; private set; } = [];

    /// <exception cref="ConfigurationException">An option that is unknown or lacks its value; code
    /// 100.</exception>
    internal static SendmailArguments Read(IReadOnlyList<byte[]> arguments, char mode)
    {
        SendmailArguments words = new() { Mode = mode };
        int next = 0;
        while (next < arguments.Count && arguments[next] is [(byte)'-', _, ..])
        {
            byte[] word = arguments[next++];
            if (word.AsSpan().SequenceEqual("--"u8))
            {
                break;
            }

            words.ParseLetters(word, arguments, ref next);
        }

        words.Recipients = [.. arguments.Skip(next)];
        words.Mode = words.Mode != 'm' ? words.Mode
            : words._runsQueue ? 'q'
            : words._isDaemonOfQueue ? 'r'
            : 'm';
        return words;
    }

    private void ParseLetters(byte[] word, IReadOnlyList<byte[]> arguments, ref int next)
    {
        for (int i = 1; i < word.Length; i++)
        {
            char letter = (char)word[i];
            ReadOnlySpan<byte> attached = word.AsSpan(i + 1);
            FromHeader |= letter == 't';
            if (letter == 'I')
            {
                Mode = 'i';
            }
            else if (letter == 'q')
            {
                ParseQueue(attached);
                return;
            }
            else if (WithAttached.Contains(letter))
            {
                return;
            }
            else if (WithValue.Contains(letter))
            {
                Set(letter, attached.IsEmpty ? Next(arguments, ref next, word) : attached.ToArray(),
                    arguments, ref next, word);
                return;
            }
            else if (!Flags.Contains(letter))
            {
                throw Unknown(word);
            }
        }
    }

    // -q, -qf and -qRname run the queue once; -q30m and -qp1h ask for a daemon.
    private void ParseQueue(ReadOnlySpan<byte> value)
    {
        value = value.TrimStart((byte)'p');
        bool isTime = value is [>= (byte)'0' and <= (byte)'9', ..];
        _isDaemonOfQueue |= isTime;
        _runsQueue |= !isTime;
    }

    private void Set(
        char letter, byte[] value, IReadOnlyList<byte[]> arguments, ref int next, byte[] word)
    {
        switch (letter)
        {
            case 'f' or 'r':
                Sender = value;
                break;
            case 'F':
                Name = value;
                break;
            case 'b':
                Mode = value is [byte mode] && "admpsviD".Contains((char)mode)
                    ? (char)mode
                    : throw Unknown(word);
                Mode = Mode == 'a' ? 'm' : char.ToLowerInvariant(Mode);
                break;
            case 'o':
                bool isLong = WordsOfExim.Contains(ByteText.ToText(value));
                byte[]? more = isLong ? Next(arguments, ref next, word) : null;
                AliasFile = value is not [(byte)'A', ..] ? AliasFile : more ?? value[1..];
                break;
            default:
                break; // This happens here anyway, or never.
        }
    }

    private static byte[] Next(IReadOnlyList<byte[]> arguments, ref int next, byte[] word) =>
        next < arguments.Count
            ? arguments[next++]
            : throw new ConfigurationException(
                $"option {LogText.Safe(word)} needs a value", ExitCode.Permanent);

    private static ConfigurationException Unknown(byte[] word) =>
        new($"unknown option {LogText.Safe(word)}; sendmail(8) has those that are known",
            ExitCode.Permanent);
}
