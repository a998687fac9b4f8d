using System.Text;

namespace Kopis.Tools.Metrics;

/// <summary>A label and all values that it may have. What is none of them counts as the last, so
/// that no text of others ever becomes a label.</summary>
internal sealed class LabelSet
{
    private readonly byte[][] _values;

    /// <param name="key">The label.</param>
    /// <param name="values">Its values; the last stands for all others.</param>
    internal LabelSet(string key, params string[] values)
    {
        (Key, Values) = (key, values);
        _values = [.. values.Select(Encoding.ASCII.GetBytes)];
    }

    internal string Key { get; }

    internal IReadOnlyList<string> Values { get; }

    /// <summary>The place of a value.</summary>
    internal int IndexOf(ReadOnlySpan<byte> value)
    {
        for (int i = 0; i < _values.Length - 1; i++)
        {
            if (value.SequenceEqual(_values[i]))
            {
                return i;
            }
        }

        return _values.Length - 1;
    }

    /// <summary>A label as it is written.</summary>
    internal string Text(int index) => $"{Key}=\"{Values[index]}\"";
}
