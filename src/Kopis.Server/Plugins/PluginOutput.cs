using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Smtp;

namespace Kopis.Server.Plugins;

/// <summary>Parses a plugin's standard output, by the protocol of qmail-spp: one command on each
/// line, with its letter first. It ends with the first of A, N, O, E, R and D. Lines for the
/// client, header fields, addresses and variables are checked here, since a plugin may pass on what
/// a client said. Pure; the bytes may come in any pieces.</summary>
internal sealed class PluginOutput
{
    /// <summary>How many bytes are read at most.</summary>
    internal const int BytesMax = 64 * 1024;

    private const int TextBytesMax = 500; // RFC 5321 §4.5.3.1.5: a reply line without CRLF.
    private const int FieldBytesMax = 998; // RFC 5322 §2.1.1.
    private const int ItemsMax = 32; // For each kind.
    private const int NameBytesMax = 64;
    private const int ValueBytesMax = 4096;
    private const int FaultsMax = 5;

    private static readonly SearchValues<byte> NameBytes = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"u8);

    private static readonly SmtpAnswer Refused =
        new("451 4.3.0 sorry, a check of this server refuses this without saying why");

    private readonly List<byte> _line = [];
    private readonly List<byte[]> _said = [];
    private readonly List<byte[]> _fields = [];
    private readonly List<(string Name, byte[]? Value)> _variables = [];
    private readonly List<(SmtpHook Hook, SmtpAnswer Answer)> _later = [];
    private readonly List<string> _faults = [];
    private int _bytes;

    /// <summary>The command that ended it; None until there is one.</summary>
    internal PluginEnd End { get; private set; }

    /// <summary>The reply, with E and R.</summary>
    internal SmtpAnswer? Answer { get; private set; }

    /// <summary>C: the address to use; null if there is none.</summary>
    internal byte[]? Address { get; private set; }

    /// <summary>P: lines to send before the reply, each <c>250-text</c>.</summary>
    internal IReadOnlyList<byte[]> Said => _said;

    /// <summary>H: header fields without line ends.</summary>
    internal IReadOnlyList<byte[]> Fields => _fields;

    /// <summary>S and U: variables to set, or to remove if the value is null.</summary>
    internal IReadOnlyList<(string Name, byte[]? Value)> Variables => _variables;

    /// <summary>L: replies to later commands.</summary>
    internal IReadOnlyList<(SmtpHook Hook, SmtpAnswer Answer)> Later => _later;

    /// <summary>What was ignored, for the log.</summary>
    internal IReadOnlyList<string> Faults => _faults;

    /// <summary>Whether the plugin wrote too much.</summary>
    internal bool IsTooLong => _bytes > BytesMax;

    /// <summary>Parses the next bytes.</summary>
    internal void Read(ReadOnlySpan<byte> bytes)
    {
        foreach (byte one in bytes)
        {
            if (End != PluginEnd.None || ++_bytes > BytesMax)
            {
                return;
            }

            if (one == (byte)'\n')
            {
                EndLine();
            }
            else
            {
                _line.Add(one);
            }
        }
    }

    /// <summary>Called at the end of the output; a last line without LF counts too.</summary>
    internal void EndInput()
    {
        if (End == PluginEnd.None && !IsTooLong)
        {
            EndLine();
        }
    }

    private void EndLine()
    {
        byte[] line = [.. _line];
        _line.Clear();
        ReadOnlySpan<byte> text = line is [.., (byte)'\r'] ? line.AsSpan(0, line.Length - 1) : line;
        if (!text.IsEmpty && !Obey((char)text[0], text[1..]) && _faults.Count < FaultsMax)
        {
            _faults.Add($"\"{LogText.Safe(text.Length > 80 ? text[..80] : text)}\"");
        }
    }

    // False if it is not a valid command, or has an invalid part.
    private bool Obey(char letter, ReadOnlySpan<byte> text)
    {
        switch (letter)
        {
            case 'A' or 'N' or 'O' or 'D':
                End = letter switch
                {
                    'A' => PluginEnd.Accept,
                    'N' => PluginEnd.Next,
                    'O' => PluginEnd.Okay,
                    _ => PluginEnd.Drop,
                };
                return true;
            case 'E' or 'R':
                End = letter == 'E' ? PluginEnd.Error : PluginEnd.Reject;
                Answer = ReadReply(text) ?? Refused;
                return Answer != Refused;
            case 'P':
                return Put(_said, text, IsLineOfMany(text));
            case 'H':
                return Put(_fields, text, IsField(text));
            case 'C':
                Address = IsAddress(text) ? text.ToArray() : Address;
                return IsAddress(text);
            case 'S' or 'U':
                return Set(text, isSet: letter == 'S');
            case 'L':
                return Delay(text);
            default:
                return false;
        }
    }

    private static bool Put(List<byte[]> list, ReadOnlySpan<byte> text, bool isSound)
    {
        if (isSound && list.Count < ItemsMax)
        {
            list.Add(text.ToArray());
            return true;
        }

        return false;
    }

    private bool Set(ReadOnlySpan<byte> text, bool isSet)
    {
        int equals = text.IndexOf((byte)'=');
        ReadOnlySpan<byte> name = isSet && equals >= 0 ? text[..equals] : text;
        ReadOnlySpan<byte> value = equals < 0 ? [] : text[(equals + 1)..];
        if (name.IsEmpty || name.Length > NameBytesMax || (isSet && equals < 0)
            || value.Length > ValueBytesMax || value.Contains((byte)0)
            || char.IsAsciiDigit((char)name[0]) || name.ContainsAnyExcept(NameBytes)
            || _variables.Count >= ItemsMax)
        {
            return false;
        }

        _variables.Add((ByteText.ToText(name), isSet ? value.ToArray() : null));
        return true;
    }

    private bool Delay(ReadOnlySpan<byte> text)
    {
        SmtpHook hook = text.IsEmpty ? SmtpHook.None : (char)text[0] switch
        {
            'M' => SmtpHook.Mail,
            'R' => SmtpHook.Rcpt,
            'D' => SmtpHook.Data,
            _ => SmtpHook.None,
        };
        if (hook == SmtpHook.None || _later.Count >= ItemsMax
            || ReadReply(text[1..]) is not { } answer)
        {
            return false;
        }

        _later.Add((hook, answer));
        return true;
    }

    /// <summary>Parses a refusal: <c>550 text</c>, <c>451 4.7.1 text</c>. Null if it is not one.
    /// </summary>
    private static SmtpAnswer? ReadReply(ReadOnlySpan<byte> text)
    {
        if (text.Length is < 5 or > TextBytesMax || text[0] is not ((byte)'4' or (byte)'5')
            || !IsCode(text) || text[3] != (byte)' ' || !IsPrinting(text))
        {
            return null;
        }

        string code = ByteText.ToText(text[..3]);
        string words = ByteText.ToText(text[4..]);
        string[] parts = words.Split(' ', 2);
        return parts.Length == 2 && IsStatus(parts[0], code[0])
            ? new SmtpAnswer(code, parts[0], parts[1])
            : new SmtpAnswer(code, $"{code[0]}.7.1", words);
    }

    private static bool IsStatus(string word, char kind) =>
        word.Split('.') is [{ Length: 1 } first, string subject, string detail]
        && first[0] == kind && IsNumber(subject) && IsNumber(detail);

    private static bool IsNumber(string text) =>
        text.Length is >= 1 and <= 3 && text.All(char.IsAsciiDigit);

    private static bool IsLineOfMany(ReadOnlySpan<byte> text) =>
        text.Length is >= 4 and <= TextBytesMax && IsCode(text) && text[3] == (byte)'-'
        && IsPrinting(text);

    private static bool IsCode(ReadOnlySpan<byte> text) =>
        text[0] is >= (byte)'2' and <= (byte)'5'
        && !text[1..3].ContainsAnyExceptInRange((byte)'0', (byte)'9');

    // RFC 5322 §2.2. The body may have UTF-8 (RFC 6532).
    private static bool IsField(ReadOnlySpan<byte> text)
    {
        int colon = text.IndexOf((byte)':');
        return colon > 0 && text.Length <= FieldBytesMax
            && !text[..colon].ContainsAnyExceptInRange((byte)'!', (byte)'~')
            && text.IndexOfAnyInRange((byte)0, (byte)8) < 0
            && text.IndexOfAnyInRange((byte)10, (byte)31) < 0 && !text.Contains((byte)127);
    }

    private static bool IsAddress(ReadOnlySpan<byte> text) =>
        text.Length < SmtpPath.AddressBytesLimit
        && text.IndexOfAnyInRange((byte)0, (byte)31) < 0 && !text.Contains((byte)127);

    private static bool IsPrinting(ReadOnlySpan<byte> text) =>
        !text.ContainsAnyExceptInRange((byte)' ', (byte)'~');
}
