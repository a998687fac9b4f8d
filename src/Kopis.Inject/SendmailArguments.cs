using Kopis.Base;

namespace Kopis.Inject;

/// <summary>The command line of sendmail, as Sendmail's own, Postfix's and Exim's take it. What
/// has no meaning here is passed by; what nobody knows is an error.</summary>
internal sealed class SendmailArguments
{
    private const string Flags = "vimxtnGUcsT";
    private const string WithAttached = "dEJ"; // A value only where it is attached.
    private const string WithValue = "ABCDFLNOQRVXbefhopr";

    // Exim's, whose value is the next word; -oMrX of Sendmail's is whole.
    private static readonly string[] WordsOfExim =
        ["Ma", "Maa", "Mai", "Mas", "Mi", "Mm", "Mr", "Ms", "Mt", "P", "X", "A"];

    private bool _runsQueue;
    private bool _isDaemonOfQueue;

    /// <summary>What to do: <c>m</c> inject, <c>p</c> mailq, <c>s</c> SMTP, <c>i</c> newaliases,
    /// <c>d</c> daemon, <c>v</c> verify; <c>q</c> run the queue, <c>r</c> again and again.
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

    /// <exception cref="ConfigurationException">An option that nobody knows, or that lacks its
    /// value; 100.</exception>
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

    // -q, -qf, -qRname: once; -q30m, -qp1h: as a daemon.
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
                break; // As it is here anyway, or not at all.
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
