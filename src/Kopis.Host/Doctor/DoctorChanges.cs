using System.Text;
using Kopis.Base;
using Kopis.Host.Install;
using Kopis.Posix;

namespace Kopis.Host.Doctor;

/// <summary>The changes since the last run, for a nightly one: findings that are new, and those
/// that are gone. A check that could not be made changes nothing.</summary>
/// <param name="New">Findings that the last run did not have.</param>
/// <param name="Gone">Findings of the last run that are gone.</param>
/// <param name="Known">What the next run compares with: the check, the subject and the state of
/// each finding.</param>
internal sealed record DoctorChanges(
    IReadOnlyList<DoctorResult> New, IReadOnlyList<string> Gone, IReadOnlyList<string> Known)
{
    private const int FileBytesMax = 4 * 1024 * 1024;
    private const int OwnerFile = 0x180; // 0600

    /// <summary>Compares two runs. No I/O.</summary>
    /// <param name="before"><see cref="Known"/> of the last run.</param>
    /// <param name="found">The present findings.</param>
    internal static DoctorChanges Of(
        IReadOnlyCollection<string> before, IReadOnlyList<DoctorResult> found)
    {
        HashSet<string> old = [.. before];
        DoctorResult[] sure = [.. found.Where(one => one.State != DoctorState.Unchecked)];
        HashSet<string> now = [.. sure.Select(KeyOf)];
        HashSet<string> unclear = [.. found.Where(one => one.State == DoctorState.Unchecked)
            .Select(one => AreaOf(one.Check.Id, one.Subject))];
        string[] missing = [.. old.Where(key => !now.Contains(key))];
        string[] gone = [.. missing.Where(key => !IsUnclear(key, unclear))];
        return new DoctorChanges(
            [.. sure.Where(one => !old.Contains(KeyOf(one)))],
            gone,
            [.. now.Concat(missing.Except(gone)).Order(StringComparer.Ordinal)]);
    }

    /// <summary>Compares with the file of the last run.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    internal static DoctorChanges Since(string path, IReadOnlyList<DoctorResult> found)
    {
        try
        {
            byte[] before = BoundedFile.TryRead(path, FileBytesMax, out int errno)
                ?? (errno == Errno.NoEntry ? [] : throw new PosixException($"read {path}", errno));
            return Of(
                Encoding.ASCII.GetString(before).Split(
                    '\n', StringSplitOptions.RemoveEmptyEntries),
                found);
        }
        catch (IOException e)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    /// <summary>Writes the file for the next run.</summary>
    /// <exception cref="ConfigurationException">The file cannot be written.</exception>
    internal void Save(string path)
    {
        try
        {
            PlainFile.Replace(
                path, Encoding.ASCII.GetBytes(string.Concat(Known.Select(key => $"{key}\n"))),
                OwnerFile);
        }
        catch (IOException e)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    /// <summary>The changes as text; empty if there are none.</summary>
    internal string ToText() =>
        (New.Count > 0 ? DoctorText.Findings(New, hasColour: false) : "")
        + string.Concat(Gone.Select(key => $"gone: {key.Replace('|', ' ')}\n"));

    private static bool IsUnclear(string key, HashSet<string> unclear)
    {
        string[] parts = key.Split('|');
        return parts.Length == 3 && DoctorCatalog.Find(parts[0]) is not null
            && unclear.Contains(AreaOf(parts[0], parts[1]));
    }

    private static string KeyOf(DoctorResult one) =>
        $"{one.Check.Id}|{one.Subject.Replace('|', '/')}|{DoctorText.Word(one.State)}";

    private static string AreaOf(string id, string subject) => $"{id.Split('.')[0]} {subject}";
}
