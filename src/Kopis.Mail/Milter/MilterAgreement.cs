using System.Buffers.Binary;
using Kopis.Base;

namespace Kopis.Mail.Milter;

/// <summary>The agreement between us and a filter at the beginning of a connection.</summary>
/// <param name="Version">Of the protocol.</param>
/// <param name="Actions">What the filter may do.</param>
/// <param name="Steps">Stages that the filter is not told of, and stages that it does not answer.
/// </param>
/// <param name="Macros">The macros that it wants at each stage; stages that are missing have the
/// usual ones.</param>
public sealed record MilterAgreement(
    uint Version, MilterActions Actions, MilterSteps Steps,
    IReadOnlyDictionary<MilterStage, string[]> Macros)
{
    /// <summary>The version of Sendmail 8.14 and later.</summary>
    public const uint VersionMost = 6;

    private const uint VersionLeast = 2;
    private const uint VersionWithData = 4;
    private const uint VersionWithQuitKeeping = 6;
    private const int NumberBytes = 4;
    private const int FixedBytes = 3 * NumberBytes;
    private const int MacrosMax = 100; // Of a stage; Sendmail sends 25 at most.

    /// <summary>Our offer: the data of SMFIC_OPTNEG.</summary>
    public static byte[] Offer { get; } = MakeOffer();

    /// <summary>Whether the connection may serve another client after this one (SMFIC_QUIT_NC).
    /// </summary>
    public bool CanBeKept => Version >= VersionWithQuitKeeping;

    /// <summary>Whether the filter is told of DATA.</summary>
    public bool HasData => Version >= VersionWithData && !Steps.HasFlag(MilterSteps.NoData);

    /// <summary>Parses the filter's answer.</summary>
    /// <returns>Null if it is malformed, or if it wants something that was not offered.</returns>
    public static MilterAgreement? TryParse(ReadOnlySpan<byte> data)
    {
        if (data.Length < FixedBytes)
        {
            return null;
        }

        uint version = BinaryPrimitives.ReadUInt32BigEndian(data);
        uint actions = BinaryPrimitives.ReadUInt32BigEndian(data[NumberBytes..]);
        uint steps = BinaryPrimitives.ReadUInt32BigEndian(data[(2 * NumberBytes)..]);
        return version is >= VersionLeast and <= VersionMost
            && (actions & ~(uint)MilterActions.All) == 0
            && (steps & ~(uint)MilterSteps.Offered) == 0
            && TryMacros(data[FixedBytes..], out Dictionary<MilterStage, string[]> macros)
                ? new MilterAgreement(
                    version, (MilterActions)actions, (MilterSteps)steps, macros)
                : null;
    }

    // For each stage: its number, and names separated by blanks, which end in a NUL.
    private static bool TryMacros(
        ReadOnlySpan<byte> rest, out Dictionary<MilterStage, string[]> macros)
    {
        macros = [];
        while (!rest.IsEmpty)
        {
            int end = rest.Length <= NumberBytes ? -1 : rest[NumberBytes..].IndexOf((byte)0);
            if (end < 0)
            {
                return false;
            }

            MilterStage stage = (MilterStage)BinaryPrimitives.ReadUInt32BigEndian(rest);
            string[] names = ByteText.ToText(rest.Slice(NumberBytes, end)).Split(
                ' ', StringSplitOptions.RemoveEmptyEntries);
            if (!Enum.IsDefined(stage) || names.Length > MacrosMax)
            {
                return false;
            }

            macros[stage] = names;
            rest = rest[(NumberBytes + end + 1)..];
        }

        return true;
    }

    private static byte[] MakeOffer()
    {
        byte[] offer = new byte[FixedBytes];
        BinaryPrimitives.WriteUInt32BigEndian(offer, VersionMost);
        BinaryPrimitives.WriteUInt32BigEndian(
            offer.AsSpan(NumberBytes), (uint)MilterActions.All);
        BinaryPrimitives.WriteUInt32BigEndian(
            offer.AsSpan(2 * NumberBytes), (uint)MilterSteps.Offered);
        return offer;
    }
}
