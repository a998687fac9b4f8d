using System.Net;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Remote.Sources;

/// <summary><c>control/helohosts</c>: our name in EHLO, by the address that a connection comes
/// from. Lines have the form <c>ADDRESS NAME</c>.</summary>
internal sealed class HeloHosts
{
    private readonly Dictionary<IPAddress, byte[]> _names = [];

    private HeloHosts()
    {
    }

    /// <summary>No lines.</summary>
    internal static HeloHosts None { get; } = new();

    /// <summary>Reads the file. A faulty line is ignored, with a warning, so that helohost applies.
    /// </summary>
    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    internal static HeloHosts Read(ControlDirectory control)
    {
        HeloHosts hosts = new();
        _ = control.ReadEach(
            RemoteFiles.HeloHosts,
            line =>
            {
                string[] words = ByteText.ToText(line).Split(
                    [' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
                if (words.Length != 2 || words[0].StartsWith('[')
                    || TargetFinder.ParseLiteral(words[0]) is not { } address
                    || words[1].Length > 255 || !words[1].All(
                        c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '[' or ']' or ':'))
                {
                    return false;
                }

                hosts._names[address] = ByteText.ToBytes(words[1]);
                return true;
            },
            "ADDRESS NAME");
        return hosts;
    }

    /// <summary>The name for an address of this host; null: the one in helohost.</summary>
    internal byte[]? Find(IPAddress? address) => address is null || _names.Count == 0 ? null
        : _names.GetValueOrDefault(PlainAddress.Of(address));
}
