using System.Buffers;
using Kopis.Base;
using Kopis.Config.Maps;

namespace Kopis.Tools.Tables;

/// <summary>Converts lines of passwd(5) to users/assign (contract §7.4). The caller inspects the
/// homes.</summary>
/// <param name="rules">The options.</param>
/// <param name="mailNames">From users/mailnames: the names that a user has instead of the login
/// name.</param>
internal sealed class AssignBuilder(Pw2uRules rules, ConstMap mailNames)
{
    private readonly ArrayBufferWriter<byte> _assign = new();
    private readonly Dictionary<string, PasswordLine> _users = new(StringComparer.Ordinal);

    /// <summary>Whether the user alias exists, who gets all other addresses.</summary>
    internal bool HasAlias { get; private set; }

    /// <summary>Adds the user who gets all other addresses. The addresses of that user's own name
    /// are added as for any user.</summary>
    internal void AddAlias(PasswordLine alias)
    {
        HasAlias = true;
        _users[ByteText.ToText(alias.User)] = alias; // For users/subusers.
        Write("+"u8, alias, rules.Dash, []);
    }

    /// <summary>Gives a user an address and all its extensions.</summary>
    internal void Add(PasswordLine user)
    {
        _users[ByteText.ToText(user.User)] = user;
        if (!mailNames.TryGet(user.User, out byte[]? names))
        {
            AddAddress(user, user.User, [], []);
            return;
        }

        ReadOnlySpan<byte> rest = names;
        while (!rest.IsEmpty)
        {
            int colon = rest.IndexOf((byte)':');
            ReadOnlySpan<byte> name = colon < 0 ? rest : rest[..colon];
            rest = colon < 0 ? [] : rest[(colon + 1)..];
            if (!name.IsEmpty)
            {
                AddAddress(user, name, [], []);
            }
        }
    }

    /// <summary>Adds a line <c>sub:user:pre:</c> of users/subusers: the user's <c>.qmail-pre</c>
    /// handles the address <c>sub</c>.</summary>
    /// <exception cref="ConfigurationException">The user does not exist.</exception>
    internal void AddSubuser(ReadOnlySpan<byte> line)
    {
        int first = line.IndexOf((byte)':');
        int second = first < 0 ? -1 : line[(first + 1)..].IndexOf((byte)':');
        if (second < 0)
        {
            return;
        }

        ReadOnlySpan<byte> sub = line[..first];
        string owner = ByteText.ToText(line.Slice(first + 1, second));
        ReadOnlySpan<byte> pre = line[(first + second + 2)..];
        int end = pre.IndexOf((byte)':');
        AddAddress(
            _users.GetValueOrDefault(owner) ?? throw new ConfigurationException(
                $"unable to find {RawText.Of(ByteText.ToBytes(owner))} user for subuser "
                    + RawText.Of(sub)),
            sub, rules.Dash, end < 0 ? pre : pre[..end]);
    }

    /// <summary>The whole file, with users/append and the final dot.</summary>
    internal byte[] Finish(ReadOnlySpan<byte> append)
    {
        _assign.Write(append);
        _assign.Write(append is [.., not (byte)'\n'] ? "\n.\n"u8 : ".\n"u8);
        return _assign.WrittenSpan.ToArray();
    }

    private void AddAddress(
        PasswordLine user, ReadOnlySpan<byte> address, ReadOnlySpan<byte> dash,
        ReadOnlySpan<byte> pre)
    {
        Write([(byte)'=', .. address], user, dash, pre);
        if (rules.Break is { } delimiter)
        {
            Write(
                [(byte)'+', .. address, delimiter], user, rules.Dash,
                pre.IsEmpty && dash.IsEmpty ? [] : [.. pre, (byte)'-']);
        }
    }

    private void Write(
        ReadOnlySpan<byte> start, PasswordLine user, ReadOnlySpan<byte> dash,
        ReadOnlySpan<byte> ext)
    {
        Field(start);
        Field(user.User);
        Field(user.Uid);
        Field(user.Gid);
        Field(user.Home);
        Field(dash);
        Field(ext);
        _assign.Write("\n"u8);
    }

    private void Field(ReadOnlySpan<byte> bytes)
    {
        _assign.Write(bytes);
        _assign.Write(":"u8);
    }
}
