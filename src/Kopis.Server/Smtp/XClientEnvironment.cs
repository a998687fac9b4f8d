using System.Globalization;
using System.Net;
using Kopis.Base;
using Kopis.Mail.Smtp;

namespace Kopis.Server.Smtp;

/// <summary>Makes the environment of a client for which another host speaks.</summary>
internal static class XClientEnvironment
{
    /// <summary>Makes the client that XCLIENT names: see <see cref="TryMake"/>.</summary>
    internal static bool TryBecome(
        ClientInfo before, ReadOnlySpan<byte> words,
        Func<IPAddress, byte[]?, ByteEnvironment?>? admit, out ClientInfo? made)
    {
        made = null;
        if (!XClientAttributes.TryParse(words, out XClientAttributes said)
            || !TryMake(before.Environment, said, admit, out ByteEnvironment? environment))
        {
            return false;
        }

        byte[]? helo = said.Helo is { Length: > 0 } name ? name : null;
        made = environment is null ? null : new ClientInfo(environment, helo);
        return true;
    }

    /// <summary>Makes the environment. Rights of the sending host, above all the right to relay,
    /// are not its client's: the listener's rules are applied to the client, and without a listener
    /// the client has no rights.</summary>
    /// <param name="before">The environment of the session so far.</param>
    /// <param name="said">The attributes that change.</param>
    /// <param name="admit">The listener's rules: from an address and a name to an environment, or
    /// null if they deny it. Null if there is no listener.</param>
    /// <param name="made">The environment; null if the rules deny the client.</param>
    /// <returns>False if an address or a port is not valid.</returns>
    internal static bool TryMake(
        ByteEnvironment before, XClientAttributes said,
        Func<IPAddress, byte[]?, ByteEnvironment?>? admit, out ByteEnvironment? made)
    {
        made = new ByteEnvironment(before);
        if (said.Address is { Length: > 0 } text)
        {
            if (!IPAddress.TryParse(ByteText.ToText(text), out IPAddress? address))
            {
                return false;
            }

            byte[]? host = said.Name is { Length: > 0 } name ? name : null;
            made = admit is null ? WithoutRights(before) : admit(address, host);
            made?.SetText("TCPREMOTEIP", address.ToString());
        }
        else if (said.Address is not null)
        {
            made = WithoutRights(before);
            made["TCPREMOTEIP"] = null;
        }

        if (said.Port is { Length: > 0 } port
            && !ushort.TryParse(
                ByteText.ToText(port), NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            return false;
        }

        if (made is not null)
        {
            Set(made, "TCPREMOTEPORT", said.Port);
            Set(made, "TCPREMOTEHOST", said.Name ?? (said.Address is null ? null : []));
        }

        return true;
    }

    private static ByteEnvironment WithoutRights(ByteEnvironment before) => new(before)
    {
        ["RELAYCLIENT"] = null,
        ["NOSPP"] = null,
        ["TCPREMOTEINFO"] = null,
    };

    // Null: unchanged; empty: not known.
    private static void Set(ByteEnvironment environment, string name, byte[]? value)
    {
        if (value is not null)
        {
            environment[name] = value.Length == 0 ? null : value;
        }
    }
}
