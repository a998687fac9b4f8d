using Kopis.Base;

namespace Kopis.Net.Listener;

/// <summary>One rule: whether to deny a connection, and the variables to set.</summary>
/// <param name="Key">The key that matched.</param>
/// <param name="Denies">Whether to deny the connection.</param>
/// <param name="Variables">Names and values, in the rule's order.</param>
public sealed record TcpRule(
    byte[] Key, bool Denies, IReadOnlyList<(string Name, byte[] Value)> Variables)
{
    /// <summary>Parses a record: <c>D\0</c> if it denies, then <c>+NAME=VALUE\0</c> for each
    /// variable.</summary>
    public static TcpRule Parse(byte[] key, ReadOnlySpan<byte> data)
    {
        bool denies = false;
        List<(string, byte[])> variables = [];
        while (!data.IsEmpty)
        {
            int end = data.IndexOf((byte)0);
            ReadOnlySpan<byte> part = end < 0 ? data : data[..end];
            data = end < 0 ? [] : data[(end + 1)..];
            if (part is [(byte)'D', ..])
            {
                denies = true;
            }
            else if (part is [(byte)'+', .. ReadOnlySpan<byte> setting])
            {
                int equals = setting.IndexOf((byte)'=');
                if (equals > 0)
                {
                    variables.Add(
                        (ByteText.ToText(setting[..equals]), setting[(equals + 1)..].ToArray()));
                }
            }
        }

        return new TcpRule(key, denies, variables);
    }

    /// <summary>Sets the rule's variables.</summary>
    public void ApplyTo(ByteEnvironment environment)
    {
        foreach ((string name, byte[] value) in Variables)
        {
            environment[name] = value;
        }
    }
}
