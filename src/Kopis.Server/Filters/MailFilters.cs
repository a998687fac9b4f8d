using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Server.Filters;

/// <summary>The filters of a server's messages, with the settings, connections and memory that they
/// share. May be used from many threads.</summary>
/// <param name="control">Where the control files are.</param>
/// <param name="time">The clock.</param>
internal sealed class MailFilters(ControlDirectory control, TimeProvider time)
{
    private readonly Reloading<FilterSettings> _settings = new(
        control.Watched([FilterFiles.Milters]), () => FilterSettings.Load(control, time), time);

    /// <summary>The memory for messages that wait.</summary>
    internal HeldRoom Room { get; } = new();

    /// <summary>Whether there are filters.</summary>
    /// <exception cref="ConfigurationException">The file cannot be parsed.</exception>
    internal bool AreThere => _settings.Current().Pools.Count > 0;

    /// <summary>Reads the file.</summary>
    /// <exception cref="ConfigurationException">The file cannot be parsed.</exception>
    internal void Check() => _ = AreThere;

    /// <summary>Makes the filters of a message whose sender is known.</summary>
    internal MessageFilters Begin(FilteredMail mail, Action<string> log, LogThrottle floods) => new(
        [.. _settings.Current().Pools.Select(
            pool => (IMessageFilter)new MilterFilter(pool, mail, Room, time))],
        mail, line => log($"{line} ({mail.Id})"), floods, time);
}
