using Kopis.Base;
using Kopis.Host.Accounts;
using Kopis.Host.Dkim;
using Kopis.Net.Dkim;
using Kopis.Posix;

namespace Kopis.Host.Doctor;

/// <summary>The public halves of the signing keys, read with the rights of the directory's owner.
/// </summary>
internal static class DoctorKeys
{
    /// <summary>The name of this piece of work (<see cref="OwnerPieces"/>).</summary>
    internal const string Piece = "doctor-keys";

    private const string FaultMark = "! ";

    /// <summary>Reads the keys: a line for each key (<see cref="SigningRecord"/>), and for each
    /// fault.</summary>
    internal static string List(string path)
    {
        using DkimKeyStore store = new(path);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return string.Concat(store.Domains().Select(store.Read).OfType<DkimDomainKeys>()
            .SelectMany(keys => keys.Keys.Where(key => !DkimRotation.IsSpent(key, now))
                .Select(key => new SigningRecord(key.Domain, key.RecordName, key.Record).ToLine())
                .Concat(keys.Faults.Select(fault => $"{FaultMark}{fault}\n"))));
    }

    /// <summary>Reads the keys of a home. Root has them read by their owner.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="faults">The faults of the directory and its files.</param>
    internal static IReadOnlyList<SigningRecord> Read(string path, out List<string> faults)
    {
        faults = [];
        if (!Directory.Exists(path))
        {
            return [];
        }

        try
        {
            string text = ProcessIdentity.ForWorkIn(path) is { } owner
                ? OwnerWork.Run(owner, [], Piece, path)
                : List(path);
            string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            faults.AddRange(lines.Where(line => line.StartsWith(FaultMark))
                .Select(line => line[FaultMark.Length..]));
            return [.. lines.Where(line => !line.StartsWith(FaultMark))
                .Select(SigningRecord.ReadLine).OfType<SigningRecord>()];
        }
        catch (Exception e) when (e is IOException or ConfigurationException)
        {
            faults.Add(e.Message);
            return [];
        }
    }
}
