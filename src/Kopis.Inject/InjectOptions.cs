using Kopis.Base;

namespace Kopis.Inject;

/// <summary>The command line of qmail-inject (contract §5.2).</summary>
internal sealed class InjectOptions
{
    internal RecipientSource Source { get; private set; }

    /// <summary>Whether the addresses in the header are recipients.</summary>
    internal bool TakesHeader => Source is RecipientSource.Header or RecipientSource.Both
        || (Source == RecipientSource.Either && Recipients.Count == 0);

    /// <summary>Option -n: print the message instead of queueing it.</summary>
    internal bool PrintOnly { get; private set; }

    /// <summary>The value of -f; null if not given.</summary>
    internal byte[]? Sender { get; private set; }

    internal List<byte[]> Recipients { get; } = [];

    /// <exception cref="ConfigurationException">An unknown option; code 100.</exception>
    internal static InjectOptions Parse(IReadOnlyList<byte[]> words)
    {
        InjectOptions options = new();
        int next = 0;
        while (next < words.Count && words[next] is [(byte)'-', _, ..])
        {
            byte[] word = words[next++];
            if (word.AsSpan().SequenceEqual("--"u8))
            {
                break;
            }

            options.ParseLetters(word.AsSpan(1), words, ref next);
        }

        options.Recipients.AddRange(words.Skip(next));
        return options;
    }

    private void ParseLetters(
        ReadOnlySpan<byte> letters, IReadOnlyList<byte[]> words, ref int next)
    {
        for (int i = 0; i < letters.Length; i++)
        {
            switch (letters[i])
            {
                case (byte)'a':
                    Source = RecipientSource.Arguments;
                    break;
                case (byte)'h':
                    Source = RecipientSource.Header;
                    break;
                case (byte)'A':
                    Source = RecipientSource.Either;
                    break;
                case (byte)'H':
                    Source = RecipientSource.Both;
                    break;
                case (byte)'n':
                    PrintOnly = true;
                    break;
                case (byte)'N':
                    PrintOnly = false;
                    break;
                case (byte)'f' when i + 1 < letters.Length:
                    Sender = letters[(i + 1)..].ToArray();
                    return;
                case (byte)'f' when next < words.Count:
                    Sender = words[next++];
                    return;
                default:
                    throw new ConfigurationException(
                        $"illegal option -- {(char)letters[i]}", ExitCode.Permanent);
            }
        }
    }
}
