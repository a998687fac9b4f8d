using System.Globalization;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Mail.Dsn;
using Kopis.Send.Scheduling;

namespace Kopis.Send;

/// <summary>Reads <c>control/retryschedule</c>. Each line has a class of failure, or <c>*</c>, and
/// then waits in seconds, or <c>qmail</c>. An invalid line is ignored, with a warning.</summary>
internal static class RetryControl
{
    private const string Shape = "CLASS qmail, or CLASS and up to 50 numbers of seconds from 30 to "
        + "604800";

    private const int WaitsMax = 50;
    private const int SecondsLeast = 30; // As between two probes of a destination.
    private const int SecondsMost = 604_800;

    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    internal static RetryTable Read(ControlDirectory control)
    {
        int[]?[] steps = new int[]?[BounceClassNames.Count];
        bool[] isSet = new bool[steps.Length];
        int[]? others = null;
        IReadOnlyList<string>? faults = control.ReadEach(
            SendFiles.RetrySchedule,
            line =>
            {
                string[] words = ByteText.ToText(Ascii8.ToLower(line)).Split(
                    [' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
                BounceClass? found = BounceClassNames.Find(words[0]);
                if ((found is null && words[0] != "*") || !TryRead(words[1..], out int[]? waits))
                {
                    return false;
                }

                if (found is { } one)
                {
                    (steps[(int)one], isSet[(int)one]) = (waits, true);
                }
                else
                {
                    others = waits;
                }

                return true;
            },
            Shape);
        if (faults is null)
        {
            return RetryTable.Qmail;
        }

        for (int i = 0; i < steps.Length; i++)
        {
            steps[i] = isSet[i] ? steps[i] : others;
        }

        return new RetryTable(steps);
    }

    private static bool TryRead(string[] words, out int[]? waits)
    {
        waits = null;
        if (words is ["qmail"])
        {
            return true;
        }

        int[] numbers = new int[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            if (!int.TryParse(
                    words[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i])
                || numbers[i] is < SecondsLeast or > SecondsMost)
            {
                return false;
            }
        }

        waits = numbers;
        return numbers.Length is > 0 and <= WaitsMax;
    }
}
