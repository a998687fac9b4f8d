using Kopis.Mail.Dsn;

namespace Kopis.Mail.Filtering;

/// <summary>A recipient that is added or removed.</summary>
/// <param name="Address">The address in the form of an envelope.</param>
/// <param name="IsAdded">Whether it is added.</param>
/// <param name="Parameters">The parameters of an added recipient.</param>
public sealed record RecipientEdit(byte[] Address, bool IsAdded, RecipientParameters Parameters);
