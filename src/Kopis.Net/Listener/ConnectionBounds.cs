using System.Globalization;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Net.Listener;

/// <summary>How many connections one client may have open at a listener; 0: no limit.</summary>
/// <param name="PerAddress">For one IPv4 address, or one IPv6 /64.</param>
/// <param name="PerNetwork">For one IPv4 /24, or one IPv6 /48.</param>
internal readonly record struct ConnectionBounds(int PerAddress, int PerNetwork)
{
    private const string AddressVariable = "MAXPERADDRESS";
    private const string NetworkVariable = "MAXPERNETWORK";

    /// <summary>The control files.</summary>
    internal static IReadOnlyList<ControlFile> Files { get; } =
        [ListenerFiles.MaxPerAddress, ListenerFiles.MaxPerNetwork];

    /// <summary>No limit at all.</summary>
    internal static ConnectionBounds None => default;

    /// <summary>Reads the control files.</summary>
    /// <exception cref="ConfigurationException">A file cannot be parsed.</exception>
    internal static ConnectionBounds Load(ControlDirectory control) => new(
        control.ReadInt(ListenerFiles.MaxPerAddress), control.ReadInt(ListenerFiles.MaxPerNetwork));

    /// <summary>Applies the listener's environment, and then a rule.</summary>
    /// <exception cref="ConfigurationException">A value is not a whole number.</exception>
    internal ConnectionBounds With(ByteEnvironment environment, TcpRule? rule) => new(
        Read(AddressVariable, environment, rule) ?? PerAddress,
        Read(NetworkVariable, environment, rule) ?? PerNetwork);

    private static int? Read(string name, ByteEnvironment environment, TcpRule? rule)
    {
        byte[]? value = environment[name];
        foreach ((string known, byte[] said) in rule?.Variables ?? [])
        {
            value = known == name ? said : value;
        }

        return value is null ? null
            : int.TryParse(
                ByteText.ToText(value), NumberStyles.None, CultureInfo.InvariantCulture,
                out int number) ? number
            : throw new ConfigurationException($"{name} is not a whole number");
    }
}
