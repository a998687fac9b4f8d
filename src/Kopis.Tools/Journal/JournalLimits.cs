using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Tools.Journal;

/// <summary>How much of the journal is kept.</summary>
/// <param name="Bytes">All files together; zero: there is no journal.</param>
/// <param name="Age">How old a file may be.</param>
internal sealed record JournalLimits(long Bytes, TimeSpan Age)
{
    /// <summary>Reads the control files.</summary>
    /// <exception cref="Base.ConfigurationException">One cannot be understood.</exception>
    internal static JournalLimits Read(ControlDirectory control) => new(
        control.ReadLong(JournalFiles.Bytes),
        TimeSpan.FromDays(control.ReadLong(JournalFiles.Days)));
}
