using System.Globalization;
using Kopis.Net.Dkim;

namespace Kopis.Host.Dkim;

/// <summary>The command line of <c>kopis dkim</c> after the command.</summary>
internal sealed record DkimWords
{
    private const int DaysMax = 365;

    /// <summary>The domain, in the form of a directory's name; empty if none is given.</summary>
    internal string Domain { get; private init; } = "";

    /// <summary>The value of --selector, or the second plain word of remove.</summary>
    internal string? Selector { get; private init; }

    /// <summary>The value of --rsa-bits.</summary>
    internal int RsaBits { get; private init; } = 2048;

    /// <summary>Whether to make RSA keys.</summary>
    internal bool HasRsa { get; private init; } = true;

    /// <summary>Whether to make Ed25519 keys.</summary>
    internal bool HasEd25519 { get; private init; } = true;

    /// <summary>The value of --days: how long until new keys sign.</summary>
    internal int Days { get; private init; } = 3;

    /// <summary>Whether --finish is given.</summary>
    internal bool Finish { get; private init; }

    /// <summary>Parses the words; null if they make no sense.</summary>
    /// <param name="words">The words after the command.</param>
    /// <param name="options">The options of the command.</param>
    /// <param name="plainMost">The most plain words.</param>
    internal static DkimWords? Parse(string[] words, string[] options, int plainMost)
    {
        DkimWords read = new();
        int plain = 0;
        for (int i = 0; i < words.Length; i++)
        {
            string? value = i + 1 < words.Length ? words[i + 1] : null;
            DkimWords? next;
            if (words[i] is not ['-', ..])
            {
                next = ++plain > plainMost ? null : read.WithPlain(plain, words[i]);
            }
            else if (!options.Contains(words[i]))
            {
                next = null;
            }
            else if (words[i] == "--finish")
            {
                next = read with { Finish = true };
            }
            else
            {
                next = value is null ? null : read.WithOption(words[i++], value);
            }

            if (next is null)
            {
                return null;
            }

            read = next;
        }

        return read;
    }

    private DkimWords? WithPlain(int place, string word) => place == 1
        ? DkimNames.Domain(word) is { } domain ? this with { Domain = domain } : null
        : WithOption("--selector", word);

    private DkimWords? WithOption(string option, string value)
    {
        bool isNumber = int.TryParse(
            value, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        return (option, value) switch
        {
            ("--selector", _) when DkimNames.IsSelector(value) => this with { Selector = value },
            ("--rsa-bits", _) when isNumber && number is 1024 or 2048 or 3072 or 4096 =>
                this with { RsaBits = number },
            ("--days", _) when isNumber && number <= DaysMax => this with { Days = number },
            ("--only", "rsa") => this with { HasEd25519 = false },
            ("--only", "ed25519") => this with { HasRsa = false },
            _ => null,
        };
    }
}
