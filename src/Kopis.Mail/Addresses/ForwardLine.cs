using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Addresses;

/// <summary>Parses lines of addresses, commands and files in sendmail's .forward, /etc/aliases and
/// :include: files, by the rules of RFC 822 headers (dot-forward 0.71, fastforward 0.51). Commas,
/// colons and semicolons all separate targets.</summary>
public static class ForwardLine
{
    /// <summary>The targets in order. Null if a comment, quote or bracket has no end, or if a
    /// target makes no sense.</summary>
    public static IReadOnlyList<ForwardTarget>? Parse(ReadOnlySpan<byte> line)
    {
        if (AddressToken.Cut(line) is not { } tokens)
        {
            return null;
        }

        tokens.RemoveAll(token => token.Kind == AddressTokenKind.Comment);
        List<ForwardTarget> targets = [];
        int at = 0;
        while (at < tokens.Count)
        {
            bool isFile = IsInclude(tokens, at);
            at += isFile ? 3 : 0;
            if (!isFile && IsSeparator(tokens[at]))
            {
                at++;
                continue;
            }

            int end = ElementEnd(tokens, at);
            if (end < 0 || end == at || !TryAdd(tokens[at..end], isFile, targets))
            {
                return null;
            }

            at = end;
        }

        return targets;
    }

    private static bool IsSeparator(AddressToken token) =>
        token.Is(',') || token.Is(';') || token.Is(':');

    private static bool IsInclude(List<AddressToken> tokens, int at) =>
        at + 2 < tokens.Count && tokens[at].Is(':') && tokens[at + 2].Is(':')
        && Ascii8.EqualsIgnoreCase(tokens[at + 1].Raw, "include"u8);

    /// <summary>The index at which the tokens before a separator end; separators within brackets do
    /// not count. Negative if a bracket stands alone.</summary>
    private static int ElementEnd(List<AddressToken> tokens, int start)
    {
        bool inBrackets = false;
        int at = start;
        for (; at < tokens.Count && (inBrackets || !IsSeparator(tokens[at])); at++)
        {
            if (tokens[at].Is('<') || tokens[at].Is('>'))
            {
                if (inBrackets != tokens[at].Is('>'))
                {
                    return -1;
                }

                inBrackets = !inBrackets;
            }
        }

        return inBrackets ? -1 : at;
    }

    private static bool TryAdd(
        List<AddressToken> element, bool isFile, List<ForwardTarget> targets)
    {
        int open = element.FindIndex(token => token.Is('<'));
        if (open < 0)
        {
            return TryAddWords(element, isFile, targets);
        }

        // Handles Phrase <address>, without the route that may precede the address.
        int close = element.FindIndex(token => token.Is('>'));
        List<AddressToken> inner = element[(open + 1)..close];
        int colon = inner.FindLastIndex(token => token.Is(':'));
        inner = inner[(colon + 1)..];
        if (inner.Count == 0)
        {
            targets.Add(new ForwardTarget(ForwardTargetKind.Address, [], null));
            return true;
        }

        return TryAddOne(inner, isFile, targets);
    }

    /// <summary>Words that no dot or at sign joins are each their own.</summary>
    private static bool TryAddWords(
        List<AddressToken> element, bool isFile, List<ForwardTarget> targets)
    {
        int start = 0;
        for (int i = 1; i <= element.Count; i++)
        {
            bool joined = i < element.Count
                && (element[i].Kind == AddressTokenKind.Special
                    || element[i - 1].Kind == AddressTokenKind.Special);
            if (!joined && i > start)
            {
                if (!TryAddOne(element[start..i], isFile, targets))
                {
                    return false;
                }

                start = i;
                isFile = false;
            }
        }

        return true;
    }

    private static bool TryAddOne(
        List<AddressToken> tokens, bool isFile, List<ForwardTarget> targets)
    {
        if (isFile)
        {
            targets.Add(new ForwardTarget(ForwardTargetKind.Include, Join(tokens), null));
            return true;
        }

        int at = tokens.FindLastIndex(token => token.Is('@'));
        if (at >= 0)
        {
            // A dot at the end of a host adds nothing.
            byte[] host = Join(tokens[(at + 1)..]).AsSpan().TrimEnd((byte)'.').ToArray();
            targets.Add(new ForwardTarget(ForwardTargetKind.Address, Join(tokens[..at]), host));
            return at > 0 || host.Length > 0;
        }

        byte[] text = Join(tokens);
        ForwardTarget target = text switch
        {
            [(byte)'|', ..] => new ForwardTarget(ForwardTargetKind.Program, text[1..], null),
            [(byte)'/', ..] or [(byte)'.', ..] =>
                new ForwardTarget(ForwardTargetKind.File, text, null),
            _ => new ForwardTarget(ForwardTargetKind.Address, text, null),
        };
        targets.Add(target);
        return target.Text.Length > 0;
    }

    private static byte[] Join(List<AddressToken> tokens)
    {
        ArrayBufferWriter<byte> joined = new();
        foreach (AddressToken token in tokens)
        {
            joined.Write(token.Value);
        }

        return joined.WrittenSpan.ToArray();
    }
}
