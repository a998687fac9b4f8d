using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Tools.Journal;

/// <summary>How much of the journal is kept.</summary>
/// <param name="Bytes">The limit for all files together; zero: there is no journal.</param>
/// <param name="Age">The age after which a file is removed.</param>
internal sealed record JournalLimits(long Bytes, TimeSpan Age)
{
    /// <summary>Reads the control files.</summary>
    /// <exception cref="Base.ConfigurationException">A file cannot be parsed.</exception>
    internal static JournalLimits Read(ControlDirectory control) => new(
        control.ReadLong(JournalFiles.Bytes),
        TimeSpan.FromDays(control.ReadLong(JournalFiles.Days)));
}
