using System.Diagnostics.CodeAnalysis;

namespace Kopis.Base;

/// <summary>
/// A process environment as bytes. Mail addresses may hold any byte, and .NET's own view of the
/// environment replaces what is not UTF-8.
/// </summary>
public sealed class ByteEnvironment
{
    private readonly Dictionary<string, byte[]> _values = new(StringComparer.Ordinal);

    /// <summary>An environment without variables.</summary>
    public ByteEnvironment()
    {
    }

    /// <summary>A copy; later changes do not show in <paramref name="other"/>.</summary>
    public ByteEnvironment(ByteEnvironment other)
    {
        foreach ((string name, byte[] value) in other._values)
        {
            _values[name] = value;
        }
    }

    /// <summary>All names, in no order.</summary>
    public IEnumerable<string> Names => _values.Keys;

    /// <summary>The value, or null where the variable is not set. Empty is not null.</summary>
    [SuppressMessage("Design", "CA1043", Justification = "Environment names are text.")]
    public byte[]? this[string name]
    {
        get => _values.GetValueOrDefault(name);
        set
        {
            if (value is null)
            {
                _values.Remove(name);
            }
            else
            {
                _values[name] = value;
            }
        }
    }

    /// <summary>The value as text, one character a byte; null where not set.</summary>
    public string? Text(string name) => this[name] is { } value ? ByteText.ToText(value) : null;

    /// <summary>Sets a value from text, one byte a character.</summary>
    public void SetText(string name, string value) => this[name] = ByteText.ToBytes(value);

    /// <summary>Reads <c>NAME=VALUE\0</c> records, the form of /proc/self/environ.</summary>
    public static ByteEnvironment Parse(ReadOnlySpan<byte> block)
    {
        ByteEnvironment environment = new();
        while (!block.IsEmpty)
        {
            int end = block.IndexOf((byte)0);
            ReadOnlySpan<byte> record = end < 0 ? block : block[..end];
            block = end < 0 ? [] : block[(end + 1)..];
            int equals = record.IndexOf((byte)'=');
            if (equals > 0)
            {
                environment[ByteText.ToText(record[..equals])] = record[(equals + 1)..].ToArray();
            }
        }

        return environment;
    }

    /// <summary>The <c>NAME=VALUE</c> strings for execve, without their final NUL.</summary>
    public byte[][] ToBlock()
    {
        byte[][] block = new byte[_values.Count][];
        int next = 0;
        foreach ((string name, byte[] value) in _values)
        {
            block[next++] = [.. ByteText.ToBytes(name), (byte)'=', .. value];
        }

        return block;
    }
}
