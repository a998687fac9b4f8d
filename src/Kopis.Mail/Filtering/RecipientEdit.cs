using Kopis.Mail.Dsn;

namespace Kopis.Mail.Filtering;

/// <summary>A recipient that is added or removed.</summary>
/// <param name="Address">The address, as an envelope has it.</param>
/// <param name="IsAdded">Whether it is added.</param>
/// <param name="Parameters">Of one that is added.</param>
public sealed record RecipientEdit(byte[] Address, bool IsAdded, RecipientParameters Parameters);
