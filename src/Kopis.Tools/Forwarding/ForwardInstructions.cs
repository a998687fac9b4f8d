using Kopis.Base;

namespace Kopis.Tools.Forwarding;

/// <summary>The text for setforward: <c>target: command, command;</c>. Blanks and line ends outside
/// of these are ignored, a backslash quotes the next byte, and <c>#</c> begins a comment to the end
/// of the line.</summary>
internal sealed class ForwardInstructions
{
    private readonly ForwardTable _table = new();
    private readonly List<byte> _word = [];
    private readonly List<byte[]> _commands = [];
    private byte[]? _target;

    private ForwardInstructions()
    {
    }

    /// <summary>Compiles the text.</summary>
    /// <exception cref="ConfigurationException">Code 100: it cannot be parsed.</exception>
    internal static byte[] Compile(ReadOnlySpan<byte> text)
    {
        ForwardInstructions reader = new();
        if (text.Contains((byte)0))
        {
            throw Bad("NUL bytes are not permitted");
        }

        for (int i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case (byte)'#':
                    int end = text[i..].IndexOf((byte)'\n');
                    i = end < 0 ? text.Length : i + end;
                    break;
                case (byte)'\\' when i + 1 < text.Length:
                    reader._word.Add(text[++i]);
                    break;
                case (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'\\':
                    break;
                case (byte)':' or (byte)',' or (byte)';':
                    reader.End(text[i]);
                    break;
                default:
                    reader._word.Add(text[i]);
                    break;
            }
        }

        return reader._target is null && reader._word.Count == 0
            ? reader._table.ToArray()
            : throw Bad("final instruction must end with semicolon");
    }

    private void End(byte separator)
    {
        byte[] word = [.. _word];
        _word.Clear();
        if (_target is null)
        {
            _target = separator == (byte)':'
                ? word
                : throw Bad("commas are not permitted before colons");
            return;
        }

        if (separator == (byte)':')
        {
            throw Bad("double colons are not permitted");
        }

        AddCommand(word, _target);
        if (separator == (byte)';')
        {
            _table.AddCommands(_target, _commands);
            _commands.Clear();
            _target = null;
        }
    }

    private void AddCommand(byte[] word, byte[] target)
    {
        switch (word)
        {
            case []:
                return;
            case [(byte)'?', ..]:
                _table.AddOwner(target, word.AsSpan(1));
                return;
            case [(byte)'|' or (byte)'!' or (byte)'.' or (byte)'/', ..]:
                _commands.Add(word);
                return;
            case [(byte)'&', ..]:
                word = word[1..];
                break;
        }

        if (word.Length == 0)
        {
            throw Bad("empty recipient addresses not permitted");
        }

        _commands.Add(word.Length <= ForwardTable.AddressBytesMax
            ? [(byte)'&', .. word]
            : throw Bad("addresses over 800 bytes are not permitted"));
    }

    private static ConfigurationException Bad(string text) => new(text, ExitCode.Permanent);
}
